// What eosjs and @wharfkit/antelope say of contracts and values. Reads a line of JSON for each contract and answers with
// one; tests/tests/abi_judges.rs asks, and compares. The packages lie in the folder that is given.
"use strict"

const { createRequire } = require("module")
const path = require("path")
const readline = require("readline")

const need = createRequire(path.join(process.argv[2], "here.js"))
const eosjs = need("eosjs/dist/eosjs-serialize")
const antelope = need("@wharfkit/antelope")

const hex = (bytes) => Buffer.from(bytes).toString("hex")
const bytes = (text) => Uint8Array.from(Buffer.from(text, "hex"))

function attempt(answer) {
    try {
        return answer()
    } catch (error) {
        return { error: String(error.message) }
    }
}

const abiTypes = eosjs.getTypesFromAbi(eosjs.createAbiTypes())

const eosjsEncode = (type, value) => {
    const buffer = new eosjs.SerialBuffer()
    type.serialize(buffer, value)
    return hex(buffer.asUint8Array())
}

const eosjsDecode = (type, text) => {
    const buffer = new eosjs.SerialBuffer({ array: bytes(text) })
    const value = type.deserialize(buffer, new eosjs.SerializerState())
    if (buffer.haveReadData()) throw new Error("bytes are left over")
    return value
}

const wharfkitEncode = (abi, type, value) => antelope.Serializer.encode({ object: value, type, abi }).hexString

const wharfkitDecode = (abi, type, text) =>
    JSON.parse(JSON.stringify(antelope.Serializer.decode({ data: text, type, abi })))

/** The contract's binary form of the JSON, and the JSON of the binary form, packed once more. */
function contract(asked) {
    return {
        eosjs: attempt(() => {
            const decoded = eosjsDecode(abiTypes.get("abi_def"), asked.binary)
            return {
                packed: eosjsEncode(abiTypes.get("abi_def"), asked.abi),
                again: eosjsEncode(abiTypes.get("abi_def"), decoded),
                decoded,
            }
        }),
        wharfkit: attempt(() => {
            const decoded = antelope.Serializer.decode({ data: asked.binary, type: antelope.ABI })
            return {
                packed: antelope.Serializer.encode({ object: antelope.ABI.from(asked.abi) }).hexString,
                again: antelope.Serializer.encode({ object: decoded }).hexString,
                decoded: JSON.parse(JSON.stringify(decoded)),
            }
        }),
    }
}

/** Of each value: its bytes, and the value of the bytes. */
function values(asked) {
    const types = attempt(() => eosjs.getTypesFromAbi(eosjs.createInitialTypes(), asked.abi))
    const abi = antelope.ABI.from(asked.abi)
    return asked.values.map(({ type, value, bytes }) => ({
        eosjs: {
            encoded: attempt(() => eosjsEncode(eosjs.getType(types, type), value)),
            decoded: attempt(() => ({ value: eosjsDecode(eosjs.getType(types, type), bytes) })),
        },
        wharfkit: {
            encoded: attempt(() => wharfkitEncode(abi, type, value)),
            decoded: attempt(() => ({ value: wharfkitDecode(abi, type, bytes) })),
        },
    }))
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
    const asked = JSON.parse(line)
    console.log(JSON.stringify({ contract: contract(asked), values: values(asked) }))
})
