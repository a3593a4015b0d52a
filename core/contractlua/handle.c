#include "contractlua/handle.h"

#include "contractlua/kept_value.h"

static vmh_lua_value of_handle(vmh_lua_handle *handle)
{
    return (vmh_lua_value){.tag = VMH_LUA_HANDLE, .as = {.handle = handle}};
}

static vmh_bytes path_of(const vmh_lua_handle *handle)
{
    return vmh_bytes_of(handle->path, handle->size);
}

/* ---- making them ---- */

vmh_lua_handle *vmh_lua_handle_new(vmh_lua_state *L, const vmh_lua_kept_type *type, uint32_t kept,
                                   vmh_bytes path)
{
    vmh_lua_handle *made;

    if (path.size > UINT32_MAX / 2 ||
        !vmh_lua_heap_count(&L->heap, VMH_LUA_TABLE_COST + path.size))
        return NULL;
    made = vmh_lua_heap_alloc(&L->heap, sizeof *made + path.size);
    if (made == NULL)
        return NULL;
    made->type = type;
    made->kept = kept;
    made->size = (uint32_t)path.size;
    if (path.size != 0)
        memcpy(made->path, path.data, path.size);
    return made;
}

/* A declared name with its length in front: where its values begin. */
static vmh_bytes head_of(vmh_bytes name, uint8_t head[1 + VMH_LUA_MAX_NAME])
{
    head[0] = (uint8_t)name.size;
    memcpy(head + 1, name.data, name.size);
    return vmh_bytes_of(head, 1 + name.size);
}

vmh_lua_handle *vmh_lua_handle_root(vmh_lua_state *L, const vmh_lua_interface *interface)
{
    uint8_t head[1 + VMH_LUA_MAX_NAME];
    vmh_lua_value *handles =
        vmh_lua_heap_alloc(&L->heap, (interface->kept_count + 1) * sizeof *handles);

    if (handles == NULL)
        return NULL;
    for (size_t i = 0; i < interface->kept_count; i++) {
        const vmh_lua_kept *kept = &interface->kept[i];
        vmh_lua_handle *handle;

        handles[i] = vmh_lua_nil();
        if (kept->type->kind == VMH_LUA_KEPT_VALUE)
            continue;
        handle = vmh_lua_handle_new(L, kept->type, (uint32_t)i, head_of(kept->name, head));
        if (handle == NULL)
            return NULL;
        handles[i] = of_handle(handle);
    }
    L->sdk->handles = handles;
    return vmh_lua_handle_new(L, NULL, 0, (vmh_bytes){0});
}

vmh_bytes vmh_lua_handle_keys(const vmh_lua_handle *handle, const vmh_lua_interface *interface)
{
    size_t head = 1 + interface->kept[handle->kept].name.size;

    return vmh_bytes_of(handle->path + head, handle->size - head);
}

/* Whether `*keys` begins with a key of the type, which is taken off. */
static bool take_key(vmh_lua_scalar scalar, vmh_bytes *keys)
{
    size_t head = 0, size = vmh_lua_scalar_size(scalar);

    if (size == 0) {
        if (keys->size < 4)
            return false;
        head = 4;
        size = vmh_get_u32_be(keys->data);
    }
    if (size > keys->size - head || (scalar == VMH_LUA_SCALAR_BOOL && keys->data[0] > 1))
        return false;
    *keys = vmh_bytes_of(keys->data + head + size, keys->size - head - size);
    return true;
}

vmh_lua_handle *vmh_lua_handle_of_keys(vmh_lua_state *L, uint32_t kept, uint32_t depth,
                                       vmh_bytes keys, bool *is_good)
{
    const vmh_lua_kept *declared = &L->sdk->interface->kept[kept];
    const vmh_lua_kept_type *type = declared->type;
    uint8_t head[1 + VMH_LUA_MAX_NAME];
    vmh_bytes rest = keys, path = head_of(declared->name, head);
    vmh_lua_handle *made;

    *is_good = depth > 0;
    for (; depth > 0 && *is_good; depth--) {
        *is_good = type->kind == VMH_LUA_KEPT_MAP && type->of->kind != VMH_LUA_KEPT_VALUE &&
                   take_key(type->scalar, &rest);
        type = type->of;
    }
    *is_good = *is_good && rest.size == 0;
    if (!*is_good ||
        !vmh_lua_heap_count(&L->heap, VMH_LUA_TABLE_COST + path.size + keys.size))
        return NULL;
    made = vmh_lua_heap_alloc(&L->heap, sizeof *made + path.size + keys.size);
    if (made == NULL)
        return NULL;
    *made = (vmh_lua_handle){type, kept, (uint32_t)(path.size + keys.size)};
    memcpy(made->path, path.data, path.size);
    memcpy(made->path + path.size, keys.data, keys.size);
    return made;
}

/* ---- what an access is about ---- */

/* One access to a handle by a key. */
typedef struct access {
    vmh_lua_state *L;
    vmh_lua_frame *frame;
    vmh_lua_handle *handle;
    vmh_lua_value key;
    vmh_lua_step step; /* where one of the functions below gave false */
} access;

static bool begin(access *of, vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value given = vmh_lua_argument(L, frame, 0);

    *of = (access){.L = L, .frame = frame, .key = vmh_lua_argument(L, frame, 1)};
    if (given.tag != VMH_LUA_HANDLE) {
        of->step = vmh_lua_wrong_type(L, frame, 0, "state");
        return false;
    }
    of->handle = given.as.handle;
    return vmh_lua_sdk_begin(L, frame, &of->step);
}

static bool raise(access *of, const char *text)
{
    of->step = vmh_lua_raise_text(of->L, "%s", text);
    return false;
}

static bool stop(access *of)
{
    of->step = vmh_lua_stopped(of->L);
    return false;
}

static vmh_lua_step give(access *of, bool good, vmh_lua_value value)
{
    return good ? vmh_lua_return(of->L, of->frame, value) : of->step;
}

/* ---- values ---- */

static bool read_value(access *of, vmh_lua_scalar scalar, vmh_bytes key, vmh_lua_value *out)
{
    vmh_bytes bytes;

    if (!vmh_lua_read_state(of->L, key, &bytes, &of->step))
        return false;
    if (bytes.size == 0)
        return vmh_lua_zero_scalar(of->L, scalar, out, &of->step);
    return vmh_lua_decode_scalar(of->L, scalar, bytes, out, &of->step);
}

/* What is zero, and nil, is kept as nothing. */
static bool write_value(access *of, vmh_lua_scalar scalar, vmh_bytes key, vmh_lua_value value)
{
    vmh_bytes bytes = {0};

    if (!vmh_lua_is_nil(value) &&
        !vmh_lua_encode_scalar(of->L, scalar, value, "value", &bytes, &of->step))
        return false;
    if (vmh_lua_is_zero_scalar(scalar, bytes))
        bytes = (vmh_bytes){0};
    return vmh_lua_write_state(of->L, key, bytes, &of->step);
}

/* ---- state itself ---- */

static bool find_kept(access *of, size_t *number)
{
    if (of->key.tag == VMH_LUA_STRING &&
        vmh_lua_interface_kept(of->L->sdk->interface, vmh_lua_string_bytes(of->key.as.string),
                               number))
        return true;
    if (of->key.tag == VMH_LUA_STRING)
        of->step = vmh_lua_raise_text(of->L, "no state '%.*s' is declared",
                                      (int)(of->key.as.string->size < 64 ? of->key.as.string->size
                                                                         : 64),
                                      (const char *)of->key.as.string->bytes);
    else
        of->step = vmh_lua_raise_text(of->L, "state is named by a string, not by a %s",
                                      vmh_lua_type_name(of->key));
    return false;
}

static bool root_index(access *of, vmh_lua_value *out)
{
    uint8_t head[1 + VMH_LUA_MAX_NAME];
    const vmh_lua_kept *kept;
    size_t number;

    if (!find_kept(of, &number))
        return false;
    kept = &of->L->sdk->interface->kept[number];
    if (kept->type->kind == VMH_LUA_KEPT_VALUE)
        return read_value(of, kept->type->scalar, head_of(kept->name, head), out);
    *out = of->L->sdk->handles[number];
    return true;
}

static bool root_newindex(access *of, vmh_lua_value value)
{
    uint8_t head[1 + VMH_LUA_MAX_NAME];
    const vmh_lua_kept *kept;
    size_t number;

    if (!find_kept(of, &number))
        return false;
    kept = &of->L->sdk->interface->kept[number];
    if (kept->type->kind != VMH_LUA_KEPT_VALUE)
        return raise(of, "a collection of state cannot be assigned, its items can");
    return write_value(of, kept->type->scalar, head_of(kept->name, head), value);
}

/* ---- maps ---- */

static bool map_index(access *of, vmh_lua_value *out)
{
    const vmh_lua_kept_type *type = of->handle->type;
    vmh_lua_handle *inner;
    vmh_bytes key;

    if (!vmh_lua_kept_key(of->L, path_of(of->handle), -1, type->scalar, of->key, &key, &of->step))
        return false;
    if (type->of->kind == VMH_LUA_KEPT_VALUE)
        return read_value(of, type->of->scalar, key, out);
    if (!vmh_lua_charge_bytes(of->L, key.size))
        return stop(of);
    inner = vmh_lua_handle_new(of->L, type->of, of->handle->kept, key);
    if (inner == NULL)
        return stop(of);
    *out = of_handle(inner);
    return true;
}

static bool map_newindex(access *of, vmh_lua_value value)
{
    const vmh_lua_kept_type *type = of->handle->type;
    vmh_bytes key;

    if (type->of->kind != VMH_LUA_KEPT_VALUE)
        return raise(of, "a collection of state cannot be assigned, its items can");
    return vmh_lua_kept_key(of->L, path_of(of->handle), -1, type->scalar, of->key, &key,
                            &of->step) &&
           write_value(of, type->of->scalar, key, value);
}

/* ---- lists: the count under the path, items behind it ---- */

/* Text and bytes have a byte in front, so that an empty one is there too. */
static bool read_item(access *of, uint64_t place, vmh_lua_value *out)
{
    vmh_lua_scalar scalar = of->handle->type->of->scalar;
    vmh_bytes key, bytes;

    *out = vmh_lua_nil();
    if (!vmh_lua_place_key(of->L, path_of(of->handle), -1, place, &key, &of->step) ||
        !vmh_lua_read_state(of->L, key, &bytes, &of->step))
        return false;
    if (bytes.size == 0)
        return true;
    if (vmh_lua_scalar_size(scalar) == 0)
        bytes = vmh_bytes_of(bytes.data + 1, bytes.size - 1);
    return vmh_lua_decode_scalar(of->L, scalar, bytes, out, &of->step);
}

static bool write_item(access *of, uint64_t place, vmh_lua_value value)
{
    static const uint8_t mark[1] = {1};
    vmh_lua_scalar scalar = of->handle->type->of->scalar;
    vmh_bytes key, bytes = {0};

    if (!vmh_lua_is_nil(value)) {
        if (!vmh_lua_encode_scalar(of->L, scalar, value, "value", &bytes, &of->step))
            return false;
        if (vmh_lua_scalar_size(scalar) == 0 &&
            !vmh_lua_join(of->L, vmh_bytes_of(mark, 1), bytes, &bytes, &of->step))
            return false;
    }
    return vmh_lua_place_key(of->L, path_of(of->handle), -1, place, &key, &of->step) &&
           vmh_lua_write_state(of->L, key, bytes, &of->step);
}

static bool list_index(access *of, vmh_lua_value *out)
{
    if (of->key.tag == VMH_LUA_INTEGER && of->key.as.integer > 0)
        return read_item(of, (uint64_t)of->key.as.integer, out);
    *out = vmh_lua_nil();
    return true;
}

static bool list_newindex(access *of, vmh_lua_value value)
{
    vmh_bytes path = path_of(of->handle);
    bool is_removal = vmh_lua_is_nil(value);
    uint64_t count, place;

    if (!vmh_lua_read_count(of->L, path, &count, &of->step))
        return false;
    place = of->key.tag == VMH_LUA_INTEGER && of->key.as.integer > 0
                ? (uint64_t)of->key.as.integer
                : UINT64_MAX;
    if (is_removal ? place != count : place > count + 1) {
        of->step = vmh_lua_raise_text(
            of->L,
            is_removal ? "only the last of the %llu items of a list can be removed"
                       : "a list of %llu items has no such place",
            (unsigned long long)count);
        return false;
    }
    if (!write_item(of, place, value))
        return false;
    if (is_removal || place > count)
        return vmh_lua_write_count(of->L, path, is_removal ? count - 1 : place, &of->step);
    return true;
}

/* ---- counted maps: the count under the path, entries and places behind it ---- */

/* An entry: its place, 0 where there is none, and the bytes of its value. */
static bool read_entry(access *of, vmh_lua_value key, vmh_bytes *entry_key, uint64_t *place,
                       vmh_bytes *bytes)
{
    if (!vmh_lua_kept_key(of->L, path_of(of->handle), VMH_LUA_ENTRY_MARK, of->handle->type->scalar,
                          key, entry_key, &of->step) ||
        !vmh_lua_read_state(of->L, *entry_key, bytes, &of->step))
        return false;
    *place = 0;
    if (bytes->size == 0)
        return true;
    if (bytes->size < 8) {
        of->step = vmh_lua_raise_bad_state(of->L, "counted entry", *bytes);
        return false;
    }
    *place = vmh_get_u64_be(bytes->data);
    *bytes = vmh_bytes_of(bytes->data + 8, bytes->size - 8);
    return true;
}

static bool write_entry(access *of, vmh_bytes entry_key, uint64_t place, vmh_bytes bytes)
{
    uint8_t head[8];
    vmh_bytes joined;

    vmh_put_u64_be(head, place);
    return vmh_lua_join(of->L, vmh_bytes_of(head, 8), bytes, &joined, &of->step) &&
           vmh_lua_write_state(of->L, entry_key, joined, &of->step);
}

/* The key at a place, as its bytes. */
static bool read_place(access *of, uint64_t place, vmh_bytes *place_key, vmh_bytes *bytes)
{
    return vmh_lua_place_key(of->L, path_of(of->handle), VMH_LUA_PLACE_MARK, place, place_key,
                             &of->step) &&
           vmh_lua_read_state(of->L, *place_key, bytes, &of->step);
}

/* What is kept at a place are the key's own bytes behind one that is never absent. */
static bool write_place(access *of, uint64_t place, vmh_lua_value key)
{
    static const uint8_t mark[1] = {1};
    vmh_bytes place_key, bytes;

    return vmh_lua_encode_scalar(of->L, of->handle->type->scalar, key, "key", &bytes,
                                 &of->step) &&
           vmh_lua_join(of->L, vmh_bytes_of(mark, 1), bytes, &bytes, &of->step) &&
           vmh_lua_place_key(of->L, path_of(of->handle), VMH_LUA_PLACE_MARK, place, &place_key,
                             &of->step) &&
           vmh_lua_write_state(of->L, place_key, bytes, &of->step);
}

/* The key at a place; nil where the place is beyond the count. */
static bool key_at(access *of, uint64_t place, vmh_lua_value *key)
{
    vmh_bytes place_key, bytes;

    *key = vmh_lua_nil();
    if (!read_place(of, place, &place_key, &bytes))
        return false;
    if (bytes.size == 0)
        return true;
    return vmh_lua_decode_scalar(of->L, of->handle->type->scalar,
                                 vmh_bytes_of(bytes.data + 1, bytes.size - 1), key, &of->step);
}

static bool counted_index(access *of, vmh_lua_value *out)
{
    vmh_bytes entry_key, bytes;
    uint64_t place;

    *out = vmh_lua_nil();
    if (!read_entry(of, of->key, &entry_key, &place, &bytes))
        return false;
    return place == 0 ||
           vmh_lua_decode_scalar(of->L, of->handle->type->of->scalar, bytes, out, &of->step);
}

/* The last key takes the place of the one that goes. */
static bool remove_entry(access *of, vmh_bytes entry_key, uint64_t place)
{
    vmh_bytes path = path_of(of->handle);
    const vmh_bytes nothing = {0};
    vmh_bytes last_key, moved_key, moved_bytes;
    uint64_t count, moved_place;
    vmh_lua_value moved;

    if (!vmh_lua_read_count(of->L, path, &count, &of->step))
        return false;
    if (place != count) {
        if (!key_at(of, count, &moved) || !write_place(of, place, moved) ||
            !read_entry(of, moved, &moved_key, &moved_place, &moved_bytes) ||
            !write_entry(of, moved_key, place, moved_bytes))
            return false;
    }
    return vmh_lua_place_key(of->L, path, VMH_LUA_PLACE_MARK, count, &last_key, &of->step) &&
           vmh_lua_write_state(of->L, last_key, nothing, &of->step) &&
           vmh_lua_write_state(of->L, entry_key, nothing, &of->step) &&
           vmh_lua_write_count(of->L, path, count - 1, &of->step);
}

/* What is caught in the contract leaves nothing half done: the key of a place can be too long. */
static bool add_entry(access *of, vmh_bytes entry_key, vmh_bytes bytes)
{
    vmh_bytes path = path_of(of->handle);
    const vmh_bytes nothing = {0};
    vmh_lua_step raised;
    uint64_t count;

    if (!vmh_lua_read_count(of->L, path, &count, &of->step) ||
        !write_entry(of, entry_key, count + 1, bytes))
        return false;
    if (write_place(of, count + 1, of->key))
        return vmh_lua_write_count(of->L, path, count + 1, &of->step);
    raised = of->step;
    if (raised == VMH_LUA_STEP_RAISE &&
        vmh_lua_write_state(of->L, entry_key, nothing, &of->step))
        of->step = raised;
    return false;
}

static bool counted_newindex(access *of, vmh_lua_value value)
{
    vmh_bytes entry_key, old, bytes;
    uint64_t place;

    if (!read_entry(of, of->key, &entry_key, &place, &old))
        return false;
    if (vmh_lua_is_nil(value))
        return place == 0 || remove_entry(of, entry_key, place);
    if (!vmh_lua_encode_scalar(of->L, of->handle->type->of->scalar, value, "value", &bytes,
                               &of->step))
        return false;
    return place == 0 ? add_entry(of, entry_key, bytes) : write_entry(of, entry_key, place, bytes);
}

/* ---- the functions ---- */

static vmh_lua_step handle_index(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value value = vmh_lua_nil();
    access of;
    bool good;

    if (!begin(&of, L, frame))
        return of.step;
    if (of.handle->type == NULL)
        good = root_index(&of, &value);
    else if (of.handle->type->kind == VMH_LUA_KEPT_MAP)
        good = map_index(&of, &value);
    else if (of.handle->type->kind == VMH_LUA_KEPT_LIST)
        good = list_index(&of, &value);
    else
        good = counted_index(&of, &value);
    return give(&of, good, value);
}

static vmh_lua_step handle_newindex(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value value = vmh_lua_argument(L, frame, 2);
    access of;
    bool good;

    if (!begin(&of, L, frame))
        return of.step;
    if (of.handle->type == NULL)
        good = root_newindex(&of, value);
    else if (of.handle->type->kind == VMH_LUA_KEPT_MAP)
        good = map_newindex(&of, value);
    else if (of.handle->type->kind == VMH_LUA_KEPT_LIST)
        good = list_newindex(&of, value);
    else
        good = counted_newindex(&of, value);
    return good ? vmh_lua_return_none(frame) : of.step;
}

/* Whether what the handle is of knows what it holds. */
static bool check_counts(access *of)
{
    if (of->handle->type != NULL && of->handle->type->kind != VMH_LUA_KEPT_MAP)
        return true;
    return raise(of, of->handle->type == NULL
                         ? "state cannot be counted or traversed, what is declared in it can"
                         : "a map does not know its keys: declare it 'counted(...)'");
}

static vmh_lua_step handle_len(vmh_lua_state *L, vmh_lua_frame *frame)
{
    uint64_t count = 0;
    access of;
    bool good = begin(&of, L, frame) && check_counts(&of) &&
                vmh_lua_read_count(L, path_of(of.handle), &count, &of.step);

    return give(&of, good, vmh_lua_integer((int64_t)count));
}

/* An iterator keeps the handle, and of a counted map the place that comes next. */
static bool make_iterator(access *of, const vmh_lua_native *native, uint64_t place,
                          vmh_lua_value *out)
{
    vmh_lua_native_object *made;

    if (!vmh_lua_heap_count(&of->L->heap, VMH_LUA_CLOSURE_COST + 2 * VMH_LUA_CAPTURE_COST))
        return stop(of);
    made = vmh_lua_heap_alloc(&of->L->heap, sizeof *made + 2 * sizeof made->kept[0]);
    if (made == NULL)
        return stop(of);
    made->native = native;
    made->kept_count = 2;
    made->kept[0] = of_handle(of->handle);
    made->kept[1] = vmh_lua_integer((int64_t)place);
    *out = (vmh_lua_value){.tag = VMH_LUA_NATIVE, .as = {.native = made}};
    return true;
}

/* A list from 1 on; a counted map from its newest key back, so that the present one can go. */
static vmh_lua_step handle_pairs(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value *slots;
    vmh_lua_value iterator;
    uint64_t count;
    access of;

    if (!begin(&of, L, frame) || !check_counts(&of) ||
        !vmh_lua_read_count(L, path_of(of.handle), &count, &of.step) ||
        !make_iterator(&of,
                       of.handle->type->kind == VMH_LUA_KEPT_LIST ? &vmh_lua_list_next
                                                                  : &vmh_lua_counted_next,
                       of.handle->type->kind == VMH_LUA_KEPT_LIST ? 0 : count, &iterator))
        return of.step;
    slots = vmh_lua_slots(L, frame);
    slots[0] = iterator;
    slots[1] = of_handle(of.handle);
    slots[2] = vmh_lua_nil();
    return vmh_lua_return_from(frame, 0, 3);
}

static bool begin_next(access *of, vmh_lua_state *L, vmh_lua_frame *frame, uint64_t *place)
{
    vmh_lua_native_object *object = frame->native;

    *of = (access){.L = L, .frame = frame, .handle = object->kept[0].as.handle};
    *place = (uint64_t)object->kept[1].as.integer;
    return vmh_lua_sdk_begin(L, frame, &of->step);
}

static vmh_lua_step give_pair(access *of, vmh_lua_value key, vmh_lua_value value)
{
    vmh_lua_value *slots = vmh_lua_slots(of->L, of->frame);

    slots[0] = key;
    slots[1] = value;
    return vmh_lua_return_from(of->frame, 0, 2);
}

static vmh_lua_step list_next(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value value;
    uint64_t place;
    access of;

    if (!begin_next(&of, L, frame, &place) || !read_item(&of, place + 1, &value))
        return of.step;
    if (vmh_lua_is_nil(value))
        return vmh_lua_return(L, frame, value);
    frame->native->kept[1].as.integer++;
    return give_pair(&of, vmh_lua_integer((int64_t)place + 1), value);
}

/* A place that is gone since, by removals of other keys, is passed. */
static vmh_lua_step counted_next(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value key = vmh_lua_nil(), value;
    uint64_t place;
    access of;

    if (!begin_next(&of, L, frame, &place))
        return of.step;
    for (; vmh_lua_is_nil(key) && place > 0; place--) {
        if (!key_at(&of, place, &key))
            return of.step;
    }
    frame->native->kept[1] = vmh_lua_integer((int64_t)place);
    if (vmh_lua_is_nil(key))
        return vmh_lua_return(L, frame, key);
    of.key = key;
    return counted_index(&of, &value) ? give_pair(&of, key, value) : of.step;
}

const vmh_lua_native vmh_lua_handle_index = {"state", handle_index};
const vmh_lua_native vmh_lua_handle_newindex = {"state", handle_newindex};
const vmh_lua_native vmh_lua_handle_len = {"#", handle_len};
const vmh_lua_native vmh_lua_handle_pairs = {"pairs", handle_pairs};
const vmh_lua_native vmh_lua_list_next = {"list_next", list_next};
const vmh_lua_native vmh_lua_counted_next = {"counted_next", counted_next};

/* ---- sdk.has, sdk.key_at ---- */

/* A handle of something that knows what it holds, as the first argument. */
static bool begin_counted(access *of, vmh_lua_state *L, vmh_lua_frame *frame)
{
    if (!begin(of, L, frame))
        return false;
    if (of->handle->type != NULL && of->handle->type->kind == VMH_LUA_KEPT_COUNTED)
        return true;
    of->step = vmh_lua_bad_argument(L, frame, 0, "a counted map expected");
    return false;
}

vmh_lua_step vmh_lua_sdk_has(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_bytes entry_key, bytes;
    uint64_t place = 0;
    access of;
    bool good = begin_counted(&of, L, frame) &&
                read_entry(&of, of.key, &entry_key, &place, &bytes);

    return give(&of, good, vmh_lua_boolean(place != 0));
}

vmh_lua_step vmh_lua_sdk_key_at(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value key = vmh_lua_nil();
    int64_t place;
    access of;
    bool good = begin_counted(&of, L, frame) &&
                vmh_lua_check_integer(L, frame, 1, &place, &of.step) &&
                (place <= 0 || key_at(&of, (uint64_t)place, &key));

    return give(&of, good, key);
}
