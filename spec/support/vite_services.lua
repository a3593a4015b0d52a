--- Services in Vite VM bytecode that many specs deploy.
local assembler = require "vmhost.assembler"

local vite_services = {}

--- The bytecode of an assembler source.
function vite_services.bytecode(source) return assert(assembler.assemble(source)).bytecode end

--- Answers what is behind the selector: the arguments, as they came.
vite_services.ECHO = vite_services.bytecode [[
  PUSH 4 CALLDATASIZE SUB
  DUP1 PUSH 4 PUSH 0 CALLDATACOPY
  PUSH 0 RETURN]]

--- Reverts with what is behind the selector.
vite_services.REFUSER = vite_services.bytecode [[
  PUSH 4 CALLDATASIZE SUB
  DUP1 PUSH 4 PUSH 0 CALLDATACOPY
  PUSH 0 REVERT]]

--- Sends what is behind the first word to the address in it, and answers whether the answer is
-- good, in a word, and the answer.
vite_services.ASKER = vite_services.bytecode [[
    PUSH 0 CALLDATALOAD PUSH 224 SHR PUSH 7 EQ PUSH @answer JUMPI
    PUSH 32 CALLDATASIZE SUB
    DUP1 PUSH 32 PUSH 0 CALLDATACOPY
    PUSH 0 PUSH 0 PUSH "VITE TOKEN" PUSH 0 CALLDATALOAD PUSH 7 SYNCCALL
  answer:
    JUMPDEST CALLBACKDEST PUSH 0 MSTORE
    PUSH 4 CALLDATASIZE SUB
    DUP1 PUSH 4 PUSH 32 CALLDATACOPY
    PUSH 32 ADD PUSH 0 RETURN]]

return vite_services
