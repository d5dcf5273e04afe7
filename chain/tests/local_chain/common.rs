//! A chain with two accounts and the token sample, for tests.

use abi::layout::{COMMUNICATE, RESULT};
use bridge::EngineId;
use chain::session::Payment;
use chain::{CallRequest, Chain, ChainError, ContractFlags, Deploy, Genesis, OpenBlock, Receipt};
use hostapi::{accounts, data};
use loader::Image;
use state::keys::RegId;
use state::{MemStore, StateStore};
use std::sync::Arc;

/// What the token's first byte says.
pub(crate) const MINT: u8 = 1;
pub(crate) const TRANSFER: u8 = 2;

/// The image of the token sample.
pub(crate) fn token_image() -> Image {
    let file = include_bytes!("../../../firmware-samples/token/token.ihx");
    loader::load(file).expect("the sample is an image").image
}

/// Who takes part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parties {
    pub(crate) alice: RegId,
    pub(crate) bob: RegId,
    pub(crate) token: RegId,
}

/// Alice, Bob and the token are always the first transactions of the first two blocks.
pub(crate) const PARTIES: Parties = Parties {
    alice: [1, 0, 0, 0, 0, 0],
    bob: [1, 0, 0, 0, 1, 0],
    token: [2, 0, 0, 0, 0, 0],
};

/// Makes accounts, deploys the token, and mints 1000 for Alice.
pub(crate) fn set_up(chain: &Chain) {
    let mut block = chain.begin_block().unwrap();
    assert_eq!(
        block
            .new_account("alice", 1_000_000_000_000)
            .unwrap()
            .target,
        PARTIES.alice
    );
    assert_eq!(
        block.new_account("bob", 1_000_000_000).unwrap().target,
        PARTIES.bob
    );
    block.commit().unwrap();
    let image = token_image();
    let deploy = Deploy {
        sender: PARTIES.alice,
        image: &image,
        semantics: abi::Semantics::V1,
        name: Some("token"),
        flags: ContractFlags::empty(),
        init: None,
        abi: None,
    };
    let mut block = chain.begin_block().unwrap();
    assert_eq!(block.deploy(&deploy).unwrap().target, PARTIES.token);
    let minted = call(&mut block, PARTIES.alice, &input(MINT, PARTIES.alice, 1000)).unwrap();
    assert!(minted.verdict.is_success(), "{minted}");
    block.commit().unwrap();
}

/// A fresh chain in memory, set up, and its store.
pub(crate) fn in_memory() -> (Chain, Arc<MemStore>) {
    let store = Arc::new(MemStore::new());
    let chain = Chain::open(Box::new(Arc::clone(&store)), Genesis::default()).unwrap();
    set_up(&chain);
    (chain, store)
}

/// The token's input.
pub(crate) fn input(action: u8, account: RegId, amount: u64) -> Vec<u8> {
    [&[action][..], &account, &amount.to_le_bytes()].concat()
}

/// Calls the token with up to 100,000 gas.
pub(crate) fn call(
    block: &mut OpenBlock<'_>,
    sender: RegId,
    input: &[u8],
) -> Result<Receipt, ChainError> {
    let payment = Payment::Gas {
        limit: abi::Gas(100_000),
        price: 1,
    };
    let request = CallRequest {
        sender,
        contract: PARTIES.token,
        input,
        value: 0,
        payment,
    };
    block.call(&request, &mut ()).cloned()
}

/// One transfer from Alice to Bob in a block of its own.
pub(crate) fn transfer(chain: &Chain, amount: u64) -> Result<Receipt, ChainError> {
    let mut block = chain.begin_block()?;
    let receipt = call(
        &mut block,
        PARTIES.alice,
        &input(TRANSFER, PARTIES.bob, amount),
    )?;
    block.commit()?;
    Ok(receipt)
}

/// What `account` has of the token.
pub(crate) fn tokens(chain: &Chain, account: RegId) -> u64 {
    let mut state = chain.state();
    let value = data::get(&mut state, &PARTIES.token, &account).unwrap();
    value.map_or(0, |value| u64::from_le_bytes(value.try_into().unwrap()))
}

/// What `account` holds in the chain's own coin.
pub(crate) fn balance(chain: &Chain, account: RegId) -> u64 {
    let mut state = chain.state();
    let key_id = accounts::key_id_of(&mut state, &account).unwrap().unwrap();
    accounts::Account::load(&mut state, &key_id)
        .unwrap()
        .unwrap()
        .balance
}

/// The whole state as a file.
pub(crate) fn export(store: &dyn StateStore) -> Vec<u8> {
    let mut file = Vec::new();
    chain::export::export(store, &mut file).unwrap();
    file
}

/// A contract that makes `calls`, each with its request, and succeeds.
pub(crate) fn asks(calls: &[(u16, Vec<u8>)]) -> Image {
    let call = |(method, request): &(u16, Vec<u8>)| {
        let (request, method) = (
            store(COMMUNICATE, request),
            store(RESULT, &method.to_le_bytes()),
        );
        format!("{request}{method}LCALL 0x0012\n")
    };
    succeeds(&calls.iter().map(call).collect::<String>())
}

/// A contract that runs `body` and succeeds.
pub(crate) fn succeeds(body: &str) -> Image {
    let header = "LJMP 0x0020\n.org 0x0004\n.db 0, 1, 1\n.org 0x0008\nRET\nRET\n.org 0x0012\nRET\nRET\n.org 0x0020\n";
    let exit = store(RESULT, &[1]) + "LJMP 0x0008\n";
    let text = [header, body, &exit].concat();
    let assembly = emu8051::assemble(&text).unwrap_or_else(|error| panic!("{error}"));
    let program = assembly.program().build();
    let end = (0..=u16::MAX)
        .rev()
        .find(|at| program.is_programmed(*at))
        .expect("some code");
    let rom = &program.code()[..=usize::from(end)];
    loader::load(rom).expect("an image").image
}

/// Instructions that put `bytes` into XDATA.
fn store(address: u16, bytes: &[u8]) -> String {
    let each = (address..).zip(bytes);
    each.map(|(at, byte)| format!("MOV DPTR,#0x{at:04X}\nMOV A,#0x{byte:02X}\nMOVX @DPTR,A\n"))
        .collect()
}

/// A contract for either machine that does what its input says: [`script`] writes it.
pub(crate) fn puppet(engine: EngineId) -> Image {
    if engine == EngineId::Wasm {
        return loader::load(PUPPET_WAT.as_bytes()).expect("a module").image;
    }
    succeeds(PUPPET_ASM)
}

/// The input that has a [`puppet`] call these methods with these requests, and end with `code`.
pub(crate) fn script(calls: &[(u16, Vec<u8>)], code: u8) -> Vec<u8> {
    let mut out = Vec::new();
    for (method, request) in calls {
        out.extend_from_slice(&method.to_le_bytes());
        let length = u16::try_from(request.len()).expect("a request fits in the buffer");
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(request);
    }
    [&out[..], &[0xFF, 0xFF, code]].concat()
}

/// A puppet for actions, deployed with `apply`: what it does is in the part for it of its data, which [`parts`] writes.
pub(crate) fn actor(engine: EngineId) -> Image {
    if engine == EngineId::Wasm {
        let text = PUPPET_WAT.replace("(local.set $at (i32.const 8192))", FIND_PART_WAT);
        return loader::load(text.as_bytes()).expect("a module").image;
    }
    succeeds(&PUPPET_ASM.replace("        MOV DPTR,#0x0100\n", FIND_PART_ASM))
}

/// The data that has each of these [`actor`]s do its script; one without a part just succeeds.
pub(crate) fn parts(parts: &[(RegId, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (who, script) in parts {
        out.push(who[4]);
        out.extend_from_slice(&u16::try_from(script.len()).unwrap().to_le_bytes());
        out.extend_from_slice(script);
    }
    out.push(0xFF);
    out
}

/// Behind the head of 20 bytes, in which the receiver's number is the fifth, the part for it is looked for.
const FIND_PART_ASM: &str = r"
        MOV DPTR,#0x0104
        MOVX A,@DPTR
        MOV R5,A
        MOV DPTR,#0x0114
find:   MOVX A,@DPTR
        CJNE A,#0xFF,part
        MOV A,#0x01
        MOV DPTR,#0xEFFD
        MOVX @DPTR,A
        LJMP 0x0008
part:   INC DPTR
        XRL A,R5
        JZ mine
        LCALL count
        MOV A,DPL
        ADD A,R2
        MOV DPL,A
        MOV A,DPH
        ADDC A,R3
        MOV DPH,A
        SJMP find
mine:   INC DPTR
        INC DPTR
";

const FIND_PART_WAT: &str = r"(local.set $at (i32.const 8212))
        (block $mine (loop $find
            (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 0xFF)) (then (call $exit (i32.const 1))))
            (br_if $mine (i32.eq (i32.load8_u (local.get $at)) (i32.load8_u (i32.const 8196))))
            (local.set $at (i32.add (i32.add (local.get $at) (i32.const 3)) (i32.load16_u offset=1 (local.get $at))))
            (br $find)))
        (local.set $at (i32.add (local.get $at) (i32.const 3)))";

/// The script is copied away first, for requests go where the input lies.
const PUPPET_ASM: &str = r"
        MOV DPTR,#0xEFFF
        LCALL count
        MOV R0,#0x00
        MOV P2,#0x01
        LCALL copy
        MOV DPTR,#0x0100
next:   MOVX A,@DPTR
        MOV R6,A
        INC DPTR
        MOVX A,@DPTR
        MOV R7,A
        INC DPTR
        CJNE A,#0xFF,call
        MOVX A,@DPTR
        MOV DPTR,#0xEFFD
        MOVX @DPTR,A
        LJMP 0x0008
call:   LCALL count
        MOV R0,#0xFF
        MOV P2,#0xEF
        LCALL copy
        PUSH DPL
        PUSH DPH
        MOV DPTR,#0xEFFD
        MOV A,R6
        MOVX @DPTR,A
        INC DPTR
        MOV A,R7
        MOVX @DPTR,A
        LCALL 0x0012
        POP DPH
        POP DPL
        SJMP next
count:  MOVX A,@DPTR
        MOV R2,A
        INC DPTR
        MOVX A,@DPTR
        MOV R3,A
        INC DPTR
        RET
copy:   MOV A,R2
        JZ whole
        INC R3
whole:  MOV A,R3
        JZ done
each:   MOVX A,@DPTR
        MOVX @R0,A
        INC DPTR
        INC R0
        CJNE R0,#0,same
        INC P2
same:   DJNZ R2,each
        DJNZ R3,each
done:   RET
";

pub(crate) const PUPPET_WAT: &str = r#"(module
    (import "smart51" "call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
    (import "smart51" "exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (global (export "smart51_buffer") i32 (i32.const 1024))
    (func (export "smart51_main") (local $at i32) (local $length i32)
        (memory.copy (i32.const 8192) (i32.const 1026) (i32.load16_u (i32.const 1024)))
        (local.set $at (i32.const 8192))
        (loop $next
            (if (i32.eq (i32.load16_u (local.get $at)) (i32.const 0xFFFF))
                (then (call $exit (i32.load8_u offset=2 (local.get $at)))))
            (local.set $length (i32.load16_u offset=2 (local.get $at)))
            (drop (call $call
                (i32.load16_u (local.get $at))
                (i32.add (local.get $at) (i32.const 4)) (local.get $length)
                (i32.const 16384) (i32.const 4096)))
            (local.set $at (i32.add (i32.add (local.get $at) (i32.const 4)) (local.get $length)))
            (br $next))))"#;
