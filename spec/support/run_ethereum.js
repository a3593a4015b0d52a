// Runs programs on @ethereumjs/evm: run_ethereum.js IN OUT, both JSON files.
// IN: { "slots": number, "programs": [{ "code": hex, "data": hex }] }
// OUT: { "counts": executed instructions by name, "results": [{ "status", "output", "storage" }] },
// or {} where the package is not there. Status is success, revert or failure.
"use strict";
const fs = require("fs");
const path = require("path");

function find() {
  const lib = path.resolve(path.dirname(process.execPath), "../lib");
  const place = process.env.VMHOST_ETHEREUMJS || "@ethereumjs/evm";
  try {
    return require.resolve(place, { paths: [process.cwd(), lib, "/usr/local/lib", "/usr/lib"] });
  } catch {
    return null;
  }
}

const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (array) => Buffer.from(array).toString("hex");
const key = (number) => bytes(number.toString(16).padStart(64, "0"));

async function run(job, place) {
  const { createEVM } = require(place);
  const { Account, Address } = require(require.resolve("@ethereumjs/util", { paths: [place] }));
  const evm = await createEVM();
  const counts = {};
  evm.events.on("step", (step) => {
    counts[step.opcode.name] = (counts[step.opcode.name] || 0) + 1;
  });
  const results = [];
  for (const program of job.programs) {
    const to = new Address(key(results.length + 65536).slice(12));
    await evm.stateManager.putAccount(to, new Account());
    const found = await evm.runCode({
      code: bytes(program.code), data: bytes(program.data), gasLimit: 2n ** 60n, to });
    const error = found.exceptionError && found.exceptionError.error;
    const storage = [];
    for (let slot = 0; slot < job.slots; slot++)
      storage.push(hex(await evm.stateManager.getStorage(to, key(slot))));
    results.push({ status: !error ? "success" : error === "revert" ? "revert" : "failure",
      output: hex(found.returnValue), storage });
  }
  return { counts, results };
}

async function main() {
  const place = find();
  const job = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
  fs.writeFileSync(process.argv[3], JSON.stringify(place ? await run(job, place) : {}));
}

main();
