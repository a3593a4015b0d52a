/*
 * Processor handles: what vmhost.processor makes and vmhost.vm takes.
 */
#ifndef VMH_BINDINGS_PROCESSOR_H
#define VMH_BINDINGS_PROCESSOR_H

#include "handle.h"
#include "ports/processor.h"

#define VMH_PROCESSOR_TYPE "vmhost.Processor"

/* Pushes a list of method descriptions of a native contract, or nil. */
void vmh_push_native_methods(lua_State *L, const vmh_processor *processor,
                             vmh_bytes contract_name);

/* Pushes the names of types, as a list. */
void vmh_push_argument_types(lua_State *L, const vmh_argument_type *types, size_t count);

#endif
