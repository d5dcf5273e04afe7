//! [`Core`]: the state an instruction can touch, and the steps that instructions are made of.

use crate::alu::{self, Sum};
use crate::bus::{Bus, Side};
use crate::direct::DirectAccess;
use crate::exec::Flow;
use crate::isa::Uop;
use crate::memory::{Memory, direct, indirect};
use crate::regs::Regs;
use crate::sfr::{self, Psw};
use crate::slot::Slot;
use std::hint::cold_path;

/// Whether a stack pointer set from `from` to `to` has grown beyond 0xFF: by less than 128 bytes, or it has shrunk.
#[inline(always)]
fn grows_around(from: u8, to: u8) -> bool {
    to < from && to.wrapping_sub(from) < 0x80
}

/// Everything an instruction can touch.
#[derive(Debug)]
pub(crate) struct Core<'a, B, D> {
    pub(crate) regs: Regs,
    pub(crate) memory: &'a mut Memory,
    pub(crate) code: &'a [u8; 65536],
    pub(crate) bus: &'a mut B,
    pub(crate) direct: D,
}

impl<B: Bus, D: DirectAccess<B>> Core<'_, B, D> {
    #[inline(always)]
    pub(crate) fn dir(&mut self, address: u8) -> u8 {
        self.pin_bits(address, 0xFF)
    }

    #[inline(always)]
    pub(crate) fn pin_bits(&mut self, address: u8, bits: u8) -> u8 {
        self.direct
            .read(&self.regs, self.memory, self.bus, address, Side::Pin, bits)
    }

    #[inline(always)]
    pub(crate) fn latch(&mut self, address: u8) -> u8 {
        self.direct.read(
            &self.regs,
            self.memory,
            self.bus,
            address,
            Side::Latch,
            0xFF,
        )
    }

    #[inline(always)]
    pub(crate) fn set_dir(&mut self, address: u8, value: u8) {
        self.direct
            .write(&mut self.regs, self.memory, self.bus, address, value);
    }

    /// Read-modify-write of a direct address: reads the latch.
    #[inline(always)]
    pub(crate) fn modify(&mut self, address: u8, f: impl FnOnce(u8) -> u8) -> u8 {
        let value = f(self.latch(address));
        self.set_dir(address, value);
        value
    }

    /// Index of Rn in memory.
    #[inline(always)]
    pub(crate) fn rn(&self, n: u8) -> usize {
        direct(self.regs.bank | n)
    }

    #[inline(always)]
    pub(crate) fn reg(&self, n: u8) -> u8 {
        self.memory[self.rn(n)]
    }

    #[inline(always)]
    pub(crate) fn set_reg(&mut self, n: u8, value: u8) {
        self.memory[self.rn(n)] = value;
    }

    /// Index of the byte Ri points at.
    #[inline(always)]
    pub(crate) fn at_ri(&self, i: u8) -> usize {
        indirect(self.reg(i))
    }

    #[inline(always)]
    pub(crate) fn at(&self, i: u8) -> u8 {
        self.memory[self.at_ri(i)]
    }

    #[inline(always)]
    pub(crate) fn set_at(&mut self, i: u8, value: u8) {
        self.memory[self.at_ri(i)] = value;
    }

    #[inline(always)]
    pub(crate) fn dptr(&self) -> u16 {
        u16::from_le_bytes([self.memory[direct(sfr::DPL)], self.memory[direct(sfr::DPH)]])
    }

    #[inline(always)]
    pub(crate) fn set_dptr(&mut self, value: u16) {
        let [low, high] = value.to_le_bytes();
        self.memory[direct(sfr::DPL)] = low;
        self.memory[direct(sfr::DPH)] = high;
    }

    /// XDATA address of `MOVX @Ri`: the page is P2's latch.
    #[inline(always)]
    pub(crate) fn xdata_ri(&self, i: u8) -> u16 {
        u16::from_be_bytes([self.memory[direct(sfr::P2)], self.reg(i)])
    }

    #[inline(always)]
    pub(crate) fn xread(&mut self, address: u16) {
        self.regs.a = if D::LEAVES {
            self.bus.xread(address)
        } else {
            self.bus.xread_asked(address)
        };
        self.direct.xdata_read();
    }

    #[inline(always)]
    pub(crate) fn xwrite(&mut self, address: u16) {
        if D::LEAVES {
            self.bus.xwrite(address, self.regs.a);
        } else {
            self.bus.xwrite_asked(address, self.regs.a);
        }
        self.direct.xdata_written();
    }

    #[inline(always)]
    pub(crate) fn count_up_sp(&mut self) -> u8 {
        let sp = self.memory[direct(sfr::SP)].wrapping_add(1);
        self.memory[direct(sfr::SP)] = sp;
        sp
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, value: u8) {
        let sp = self.count_up_sp();
        self.memory[indirect(sp)] = value;
    }

    #[inline(always)]
    pub(crate) fn pop(&mut self) -> u8 {
        let sp = self.memory[direct(sfr::SP)];
        self.memory[direct(sfr::SP)] = sp.wrapping_sub(1);
        self.memory[indirect(sp)]
    }

    /// The stack pointer with `bytes` more on the stack; `None` where it wraps around, which is left to the exact loop.
    /// On a bus with hooks it may wrap around.
    #[inline(always)]
    pub(crate) fn room(&self, bytes: u8) -> Option<u8> {
        let (sp, wraps) = self.memory[direct(sfr::SP)].overflowing_add(bytes);
        if D::LEAVES && !B::HOOKED && wraps {
            cold_path();
            return None;
        }
        Some(sp)
    }

    /// Whether the stack has no room for so many `bytes`, as [`Self::room`] has it.
    #[inline(always)]
    pub(crate) fn lacks_room(&self, bytes: u8) -> bool {
        bytes > 0 && self.room(bytes).is_none()
    }

    /// Whether `uop` with the operands of `slot`, which the exact loop is about to execute, makes
    /// the stack wrap around: it grows beyond IRAM 0xFF and goes on at 0x00.
    pub(crate) fn wraps_stack(&self, uop: Uop, slot: &Slot) -> bool {
        let sp = self.memory[direct(sfr::SP)];
        match uop {
            Uop::Acall | Uop::Lcall => sp > u8::MAX - 2,
            Uop::Push => sp == u8::MAX,
            Uop::IncDir => slot.x == sfr::SP && sp == u8::MAX,
            Uop::MovDirA => slot.x == sfr::SP && grows_around(sp, self.regs.a),
            _ => false,
        }
    }

    #[inline(always)]
    pub(crate) fn call(&mut self, slot: &Slot) -> Flow {
        let Some(sp) = self.room(2) else {
            return Flow::Leave;
        };
        let [low, high] = slot.next.to_le_bytes();
        self.memory[direct(sfr::SP)] = sp;
        self.memory[indirect(sp.wrapping_sub(1))] = low;
        self.memory[indirect(sp)] = high;
        Flow::Jump(slot.target)
    }

    /// Hardware calls the service routine at `vector`.
    #[inline(always)]
    pub(crate) fn interrupt(&mut self, vector: u16) {
        let [low, high] = self.regs.pc.to_le_bytes();
        self.push(low);
        self.push(high);
        self.regs.pc = vector;
    }

    #[inline(always)]
    pub(crate) fn ret(&mut self) -> Flow {
        let high = self.pop();
        let low = self.pop();
        Flow::Jump(u16::from_le_bytes([low, high]))
    }

    #[inline(always)]
    pub(crate) fn take(&mut self, sum: Sum) {
        self.regs.a = sum.value;
        self.regs.cy = sum.cy;
        self.regs.carries = sum.carries;
    }

    #[inline(always)]
    pub(crate) fn add(&mut self, b: u8) {
        self.take(alu::add(self.regs.a, b, false));
    }

    #[inline(always)]
    pub(crate) fn addc(&mut self, b: u8) {
        self.take(alu::add(self.regs.a, b, self.regs.cy));
    }

    #[inline(always)]
    pub(crate) fn subb(&mut self, b: u8) {
        self.take(alu::sub(self.regs.a, b, self.regs.cy));
    }

    #[inline(always)]
    pub(crate) fn rlc(&mut self) {
        let a = self.regs.a;
        self.regs.a = a << 1 | u8::from(self.regs.cy);
        self.regs.cy = a & 0x80 != 0;
    }

    #[inline(always)]
    pub(crate) fn rrc(&mut self) {
        let a = self.regs.a;
        self.regs.a = a >> 1 | u8::from(self.regs.cy) << 7;
        self.regs.cy = a & 1 != 0;
    }

    /// `PUSH PSW`. Without interrupts it is rare, and then the loop that cannot do it is the faster one.
    #[inline(always)]
    pub(crate) fn push_psw(&mut self) -> Flow {
        if !B::HOOKED {
            return Flow::Leave;
        }
        self.push(self.regs.psw(self.memory).bits());
        Flow::Next(const { Uop::PushPsw.len() as u32 })
    }

    /// `POP PSW`, likewise.
    #[inline(always)]
    pub(crate) fn pop_psw(&mut self) -> Flow {
        if !B::HOOKED {
            return Flow::Leave;
        }
        let psw = Psw::from_bits_retain(self.pop());
        self.regs.set_psw(self.memory, psw);
        Flow::Next(const { Uop::PopPsw.len() as u32 })
    }

    /// `MOV PSW,#imm`, likewise.
    #[inline(always)]
    pub(crate) fn move_psw(&mut self, value: u8) -> Flow {
        if !B::HOOKED {
            return Flow::Leave;
        }
        self.regs.set_psw(self.memory, Psw::from_bits_retain(value));
        Flow::Next(const { Uop::MovPswImm.len() as u32 })
    }

    /// `MOV SP,A` where the stack is guarded, or `INC SP` if `counts`. One operation for both: with
    /// two of them the block loop is compiled for the worse.
    #[inline(always)]
    pub(crate) fn set_sp(&mut self, counts: bool) -> Flow {
        let sp = self.memory[direct(sfr::SP)];
        let to = if counts {
            sp.wrapping_add(1)
        } else {
            self.regs.a
        };
        if !B::HOOKED && grows_around(sp, to) {
            cold_path();
            return Flow::Leave;
        }
        self.memory[direct(sfr::SP)] = to;
        Flow::Next(const { Uop::SetSp.len() as u32 })
    }

    #[inline(always)]
    pub(crate) fn push_dir(&mut self, address: u8) {
        // SP is counted up before the operand is read: PUSH SP pushes the new SP.
        let sp = self.count_up_sp();
        let value = self.dir(address);
        self.memory[indirect(sp)] = value;
    }

    #[inline(always)]
    pub(crate) fn pop_dir(&mut self, address: u8) {
        let value = self.pop();
        self.set_dir(address, value);
    }

    #[inline(always)]
    pub(crate) fn move_dir(&mut self, to: u8, from: u8) {
        let value = self.dir(from);
        self.set_dir(to, value);
    }

    #[inline(always)]
    pub(crate) fn move_to_reg(&mut self, n: u8, from: u8) {
        let value = self.dir(from);
        self.set_reg(n, value);
    }

    /// Branches in the host as well: were the address selected, all that follows would wait for the
    /// condition. It is for that alone that one way is called cold.
    #[inline(always)]
    pub(crate) fn branch(&self, slot: &Slot, taken: bool) -> Flow {
        if taken {
            Flow::Jump(slot.target)
        } else {
            cold_path();
            Flow::Jump(slot.next)
        }
    }

    #[inline(always)]
    pub(crate) fn cjne(&mut self, left: u8, right: u8, slot: &Slot) -> Flow {
        self.regs.cy = left < right;
        self.branch(slot, left != right)
    }

    #[inline(always)]
    pub(crate) fn bit(&mut self, byte: u8, mask: u8) -> bool {
        self.pin_bits(byte, mask) & mask != 0
    }

    /// The result of `MUL` and `DIV`: CY cleared, AC as it was.
    #[inline(always)]
    pub(crate) fn product(&mut self, a: u8, b: u8, ov: bool) {
        self.regs.a = a;
        self.memory[direct(sfr::B)] = b;
        self.regs.cy = false;
        self.regs.carries = self.regs.carries.with_ov(ov);
    }
}
