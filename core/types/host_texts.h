/*
 * Every text that the host or a native contract writes into a receipt, once.
 * docs/formats.md lists them; a spec compares. Under the rule set `reference`
 * they equal the vectors byte for byte. They are printf formats.
 */
#ifndef VMH_TYPES_HOST_TEXTS_H
#define VMH_TYPES_HOST_TEXTS_H

/* state access */
#define VMH_TEXT_WRITE_REFUSED "write attempted without write access: ACCESS_SCOPE_READ_ONLY"
#define VMH_TEXT_WRITE_REFUSED_NAMED \
    "ERROR_STATE_WRITE_IN_READONLY_CALL: write attempted without write access"
#define VMH_TEXT_PROTECTED_KEY "protected key"
#define VMH_TEXT_KEY_TOO_LONG "key of %zu bytes is longer than the limit of %llu"
#define VMH_TEXT_VALUE_TOO_LONG "value of %zu bytes is longer than the limit of %llu"

/* lookup, permission and arguments of methods */
#define VMH_TEXT_NOT_DEPLOYED "contract not deployed"
#define VMH_TEXT_CODE_NOT_FOUND "Contract %.*s was not found"
#define VMH_TEXT_METHOD_NOT_FOUND "method '%.*s' not found on contract '%.*s'"
#define VMH_TEXT_SYSTEM_ONLY "only system contracts can run method '%.*s'"
#define VMH_TEXT_READ_WRITE_ONLY "method '%.*s.%.*s' writes state and was called read-only"
#define VMH_TEXT_ARGUMENTS_LESS "method '%.*s.%.*s' takes %zu args but received less"
#define VMH_TEXT_ARGUMENTS_MORE "method '%.*s.%.*s' takes %zu args but received more"
#define VMH_TEXT_ARGUMENTS_AT_LEAST "method '%.*s.%.*s' takes at least %zu args but received less"
#define VMH_TEXT_ARGUMENT_TYPE "method '%.*s.%.*s' expects arg %zu to be %s but it has %s"
#define VMH_TEXT_ARGUMENT_UNKNOWN "argument %zu has an unknown type"
#define VMH_TEXT_ARGUMENTS_TOO_LONG "argument array of %zu bytes is longer than the limit of %llu"
#define VMH_TEXT_SERVICE_STACK "service stack of %d calls is full"
#define VMH_TEXT_UNKNOWN_PROCESSOR \
    "service '%.*s' has processor type %u, which this host does not run"

/* events */
#define VMH_TEXT_SECOND_EVENT "more than %llu event in one transaction"

/* messages */
#define VMH_TEXT_TOO_MANY_REQUESTS "too many requests"
#define VMH_TEXT_MAILBOX_FULL "mailbox full"
#define VMH_TEXT_MESSAGE_TOKEN "valid token length is 10 bytes"
#define VMH_TEXT_OUT_OF_GAS "out of gas"
#define VMH_TEXT_NOT_ENOUGH_GAS "not enough gas"
#define VMH_TEXT_TRANSFER_BALANCE "insufficient balance for transfer"
#define VMH_TEXT_NOT_DEPLOYING "no deployment is running"
#define VMH_TEXT_UNKNOWN_CHAIN "unknown virtual chain %u"
#define VMH_TEXT_ALLOWANCE "more than the peer is allowed"
#define VMH_TEXT_NO_CONTEXT "no_context"
#define VMH_TEXT_ASYNC_READ_ONLY "async: read-only"
#define VMH_TEXT_ASYNC_NOT_HERE "async: not allowed here"
#define VMH_TEXT_ASYNC_LEGACY "async: legacy call not allowed here"
#define VMH_TEXT_ASYNC_NESTED "async: nested call not allowed"
#define VMH_TEXT_ASYNC_BAD_CALLBACK "async: bad callback"
#define VMH_TEXT_ASYNC_NO_GROUP "async: no such group"
#define VMH_TEXT_ASYNC_GROUP_SET "async: group callback already set"
#define VMH_TEXT_NOT_ENOUGH_GAS "not enough gas"
#define VMH_TEXT_BAD_CALL_DATA "bad call data"
#define VMH_TEXT_CALL_NOT_FOUND "call_not_found"

/* asynchronous calls: what callbacks see (spec/async.md 11), and refusals */
#define VMH_TEXT_ASYNC_NO_METHOD "function not found"
#define VMH_TEXT_ASYNC_NO_CONTRACT "contract not found"
#define VMH_TEXT_ASYNC_FUNDS "insufficient funds"
#define VMH_TEXT_ASYNC_FAILED "execution failed"
#define VMH_TEXT_ASYNC_CALLED_DIRECTLY "callback called directly"

/* bytecode */
#define VMH_TEXT_PANIC "panic 0x%02llx: %s"
#define VMH_TEXT_TAKES_BYTES "method '%.*s.%.*s' takes one argument of type bytes"
#define VMH_TEXT_RAW_ONLY "method '%.*s.%.*s' has a %.*s, which only raw call data carry"
#define VMH_TEXT_ARGUMENT_RANGE "method '%.*s.%.*s' expects arg %zu to fit into %.*s"
#define VMH_TEXT_RESULTS "method '%.*s.%.*s' returned data that are not %.*s"
#define VMH_TEXT_SELECTOR "selector 0x%.*s not found on contract '%.*s'"
#define VMH_TEXT_DATA_TOO_LONG "data of method '%.*s.%.*s' are longer than %zu bytes"
#define VMH_TEXT_CALL_DATA "call data of method '%.*s.%.*s' are not %.*s"

/* contracts in Lua */
#define VMH_TEXT_OUT_OF_MEMORY "out of memory"
#define VMH_TEXT_LUA_PARTS "a Lua contract is deployed as its source and packed arguments of _init"
#define VMH_TEXT_LUA_NO_DECLARATION "the main chunk declares no contract: call sdk.contract"
#define VMH_TEXT_LUA_NO_RESULT "the main chunk gives no table: return the contract at its end"
#define VMH_TEXT_LUA_NO_FUNCTION "method '%.*s' is declared, and no function of that name returned"

/* SDK calls */
#define VMH_TEXT_SDK_UNKNOWN "unknown SDK operation %.*s.%.*s"
#define VMH_TEXT_SDK_ARGUMENTS "SDK call %.*s.%.*s takes %s"
#define VMH_TEXT_SDK_SYSTEM_ONLY "SDK call %.*s.%.*s is for system contracts only"
#define VMH_TEXT_SDK_SIGNED "invalid call to SDK env %s can only be called by system contract"
#define VMH_TEXT_SDK_NO_SIGNER "operation does not contain a transaction or query"
#define VMH_TEXT_SDK_SIGNER_SCHEME "transaction is not signed by any Signer"
#define VMH_TEXT_SDK_PUBLIC_KEY "public key of %zu bytes is not an Ed25519 key"
#define VMH_TEXT_SDK_NO_CONNECTOR "Ethereum.%.*s: no cross-chain connector is configured"
#define VMH_TEXT_SDK_NO_COMMITTEE "Env.%s: no committee source is configured"
#define VMH_TEXT_ADDRESS_SIZE "valid address length is 20 bytes, received %zu bytes"

/* _Deployments */
#define VMH_TEXT_CODE_NOT_AVAILABLE "contract code not available"
#define VMH_TEXT_NAME_TAKEN "a contract with same name (case insensitive) already exists"
#define VMH_TEXT_NAME_SYSTEM "a contract with this name exists"
#define VMH_TEXT_NAME_INVALID \
    "contract name must be non empty and contain alpha-numeric characters only"
#define VMH_TEXT_ALREADY_DEPLOYED "contract already deployed"
#define VMH_TEXT_NO_CODE "contract doesn't have any code"
#define VMH_TEXT_CODE_TOO_LONG "contract code of %llu bytes is longer than the limit of %llu"
#define VMH_TEXT_LOCKED "native deployment is locked to owner %s"
#define VMH_TEXT_LOCK_HELD "current owner %s must unlockNativeDeployment first"

/* _Committee */
#define VMH_TEXT_TRIGGERS_ONLY "must be called from _Triggers contract only"
#define VMH_TEXT_PROPOSER_NOT_MEMBER \
    "block proposer address from %s was not found in committee of block height %llu"

/* safe arithmetic */
#define VMH_TEXT_OVERFLOW_ADD "integer overflow on add"

/* _GlobalPreOrder */
#define VMH_TEXT_SUBSCRIPTION_CONTRACT "can only refresh current contract %.*s"
#define VMH_TEXT_SUBSCRIPTION_CHAIN "subscription id %u differs from my virtual chain id (%u)"
#define VMH_TEXT_SUBSCRIPTION_STARTS "subscription isn't valid because it only starts at %llu"
#define VMH_TEXT_SUBSCRIPTION_PLAN "plan with name %.*s is not recognized"
#define VMH_TEXT_SUBSCRIPTION_PAID \
    "plan with name %.*s costs %llu tokens but subscription only paid %s tokens"
#define VMH_TEXT_SUBSCRIPTION_OUTPUT "subscription contract answered malformed bytes"

/* _Ledger */
#define VMH_TEXT_TOKEN_SIZE "valid token length is 10 bytes, received %zu bytes"
#define VMH_TEXT_LACK_OF_FUNDS "lack of funds: transfer of %s failed since balance is only %s"
#define VMH_TEXT_NOT_LEDGER_OWNER "only the ledger owner can issue"
#define VMH_TEXT_ISSUE_OVERFLOW "issue of %s would pass 2^256-1 in total"
#define VMH_TEXT_VALUE_TO_SYSTEM "service '%.*s' takes no value"

/* contracts for tests, spec/host.md 9.6 */
#define VMH_TEXT_BENCHMARK_ERROR "example error returned by contract"
#define VMH_TEXT_TOKEN_BALANCE "transfer of %llu failed since balance is only %llu"

#endif
