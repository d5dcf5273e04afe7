//! The instructions that metering adds: [`Code`], which is quick where numbers are small.

use wasm_encoder::{Encode, ValType};

/// Appends instructions to a body. wasm-encoder does the same for all instructions and numbers, and takes a
/// third of the time of metering for it.
pub(super) struct Code<'a>(pub(super) &'a mut Vec<u8>);

impl Code<'_> {
    fn op(&mut self, opcode: u8) -> &mut Self {
        self.0.push(opcode);
        self
    }

    fn indexed(&mut self, opcode: u8, index: u32) -> &mut Self {
        match u8::try_from(index) {
            Ok(short @ 0..0x80) => self.0.extend_from_slice(&[opcode, short]),
            _ => index.encode(self.op(opcode).0),
        }
        self
    }

    /// A `block` with a result, or without one.
    pub(super) fn block(&mut self, result: Option<ValType>) -> &mut Self {
        self.blocktype(0x02, result)
    }

    /// A `loop` without a result.
    pub(super) fn loop_(&mut self) -> &mut Self {
        self.blocktype(0x03, None)
    }

    /// An `if` without a result.
    pub(super) fn if_(&mut self) -> &mut Self {
        self.blocktype(0x04, None)
    }

    fn blocktype(&mut self, opcode: u8, result: Option<ValType>) -> &mut Self {
        self.op(opcode);
        match result {
            Some(ty) => ty.encode(self.0),
            None => self.0.push(0x40),
        }
        self
    }

    pub(super) fn unreachable(&mut self) -> &mut Self {
        self.op(0x00)
    }

    pub(super) fn else_(&mut self) -> &mut Self {
        self.op(0x05)
    }

    pub(super) fn end(&mut self) -> &mut Self {
        self.op(0x0B)
    }

    pub(super) fn br(&mut self, depth: u32) -> &mut Self {
        self.indexed(0x0C, depth)
    }

    pub(super) fn br_if(&mut self, depth: u32) -> &mut Self {
        self.indexed(0x0D, depth)
    }

    /// A `br_table`; the last of `depths` is its default.
    pub(super) fn br_table(&mut self, depths: impl ExactSizeIterator<Item = u32>) -> &mut Self {
        self.indexed(0x0E, (depths.len() as u32).saturating_sub(1));
        depths.for_each(|depth| depth.encode(self.0));
        self
    }

    pub(super) fn return_(&mut self) -> &mut Self {
        self.op(0x0F)
    }

    pub(super) fn call(&mut self, function: u32) -> &mut Self {
        self.indexed(0x10, function)
    }

    pub(super) fn local_get(&mut self, local: u32) -> &mut Self {
        self.indexed(0x20, local)
    }

    pub(super) fn local_set(&mut self, local: u32) -> &mut Self {
        self.indexed(0x21, local)
    }

    pub(super) fn local_tee(&mut self, local: u32) -> &mut Self {
        self.indexed(0x22, local)
    }

    pub(super) fn global_get(&mut self, global: u32) -> &mut Self {
        self.indexed(0x23, global)
    }

    pub(super) fn global_set(&mut self, global: u32) -> &mut Self {
        self.indexed(0x24, global)
    }

    pub(super) fn i32_const(&mut self, value: i32) -> &mut Self {
        value.encode(self.op(0x41).0);
        self
    }

    pub(super) fn i64_const(&mut self, value: i64) -> &mut Self {
        match value {
            0..0x40 => self.0.extend_from_slice(&[0x42, value as u8]),
            _ => value.encode(self.op(0x42).0),
        }
        self
    }

    pub(super) fn i32_lt_s(&mut self) -> &mut Self {
        self.op(0x48)
    }

    pub(super) fn i64_lt_s(&mut self) -> &mut Self {
        self.op(0x53)
    }

    pub(super) fn i64_ge_s(&mut self) -> &mut Self {
        self.op(0x59)
    }

    pub(super) fn i32_add(&mut self) -> &mut Self {
        self.op(0x6A)
    }

    pub(super) fn i32_sub(&mut self) -> &mut Self {
        self.op(0x6B)
    }

    pub(super) fn i64_sub(&mut self) -> &mut Self {
        self.op(0x7D)
    }
}
