//! What somebody meets who has just made a contract: costs, inputs, the local chain's small commands.

mod build;
mod chain;
#[path = "../common/mod.rs"]
mod common;
mod contract_page;
mod gas;
mod inputs;
mod local_chain_page;
#[path = "../common/page.rs"]
mod page;

use serde_json::Value;

/// Writes (17) or deletes (18) some keys of one byte each. Input: the method (LE16), the first key and how many (1 byte
/// each).
const KEYS: &str = r#"(module
  (import "smart51" "call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
  (import "smart51" "exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (global (export "smart51_buffer") i32 (i32.const 0))
  (func (export "smart51_main") (local $method i32) (local $key i32) (local $end i32)
    (local.set $method (i32.load16_u (i32.const 2)))
    (local.set $key (i32.load8_u (i32.const 4)))
    (local.set $end (i32.add (local.get $key) (i32.load8_u (i32.const 5))))
    (i32.store16 (i32.const 8192) (select (i32.const 6) (i32.const 3) (i32.eq (local.get $method) (i32.const 17))))
    (i32.store16 (i32.const 8194) (i32.const 1))
    (i32.store16 (i32.const 8197) (i32.const 1))
    (loop $again
      (i32.store8 (i32.const 8196) (local.get $key))
      (drop (call $call (local.get $method) (i32.const 8192) (i32.const 8) (i32.const 65536) (i32.const 4096)))
      (local.set $key (i32.add (local.get $key) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $key) (local.get $end))))
    (call $exit (i32.const 1))))"#;

const KEYS_SCENARIO: &str = r#"
[accounts]
alice = 1_000_000
[contracts.keys]
image = "keys.wat"
[[step]]
name = "two are written"
call = "keys"
input = ["u16:17", "u8:1", "u8:2"]
expect.keys = { keys = 2 }
[[step]]
name = "two are deleted"
call = "keys"
input = ["u16:18", "u8:1", "u8:2"]
expect.keys = { keys = 0 }
"#;

fn number(object: &Value, key: &str) -> u64 {
    object[key]
        .as_u64()
        .unwrap_or_else(|| panic!("no {key} in {object}"))
}
