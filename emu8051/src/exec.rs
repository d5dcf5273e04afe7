//! What each instruction does: one exhaustive `match` over [`Uop`], used by every run loop.
//!
//! The loops differ in how they reach a *direct* address, so that is a parameter ([`Direct`]). Predecoded CODE never
//! holds a direct access to ACC, PSW or a hooked register (see [`lower`](crate::lower)), so the block loop reads plain
//! memory ([`Plain`]); the exact loop looks first ([`Checked`]).

use crate::alu::{self, Carries, Sum};
use crate::bus::{Bus, Side, XdataAsk};
use crate::cpu::Cpu;
use crate::decode::Insn;
use crate::isa::Uop;
use crate::memory::{Memory, direct, indirect};
use crate::sfr::{self, Psw, SfrSet};
use crate::units::Cycles;
use std::hint::cold_path;

/// A predecoded instruction: 8 bytes, one for each address of CODE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Slot {
    pub(crate) uop: Uop,
    pub(crate) x: u8,
    pub(crate) y: u8,
    pub(crate) z: u8,
    pub(crate) next: u16,
    pub(crate) target: u16,
}

const _: () = assert!(size_of::<Slot>() == 8);

impl From<Insn> for Slot {
    /// The instruction as the table has it.
    #[inline(always)]
    fn from(insn: Insn) -> Slot {
        let Insn {
            x, y, next, target, ..
        } = insn;
        Slot {
            uop: insn.shape().uop,
            x,
            y,
            z: 0,
            next,
            target,
        }
    }
}

impl Slot {
    /// Where the block loop must be left before an instruction, and why.
    pub(crate) fn leave_before(uop: Uop, insn: Insn) -> Slot {
        Slot {
            uop,
            ..Slot::from(insn)
        }
    }

    /// Where the block loop must be left, and why.
    pub(crate) fn leave(uop: Uop) -> Slot {
        Slot {
            uop,
            x: 0,
            y: 0,
            z: 0,
            next: 0,
            target: 0,
        }
    }
}

/// Where an instruction leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// To the next one, so many bytes on.
    Next(u32),
    /// To this address, whether by a jump or by a branch not taken: a block ends here.
    Jump(u16),
    /// Out of the loop: this cannot be executed here. Nothing happened.
    Leave,
}

/// The registers an instruction touches most, out of memory while a run lasts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Regs {
    pub(crate) a: u8,
    pub(crate) pc: u16,
    pub(crate) cy: bool,
    pub(crate) carries: Carries,
    /// RS1 and RS0 in place, which is the IRAM address of R0.
    pub(crate) bank: u8,
}

impl Regs {
    pub(crate) fn load(cpu: &Cpu) -> Regs {
        let mut regs = Regs {
            pc: cpu.pc,
            a: cpu.a(),
            cy: false,
            carries: Carries::default(),
            bank: 0,
        };
        regs.take_psw_flags(cpu.psw());
        regs
    }

    pub(crate) fn store(&self, cpu: &mut Cpu) {
        cpu.pc = self.pc;
        let psw = self.psw(&cpu.memory);
        cpu.set_a(self.a);
        cpu.set_psw(psw);
    }

    /// The whole of PSW. F0, F1 and the bank bits are those in memory.
    pub(crate) fn psw(&self, memory: &Memory) -> Psw {
        let mut psw = Psw::from_bits_retain(memory[direct(sfr::PSW)]);
        psw.set(Psw::CY, self.cy);
        psw.set(Psw::AC, self.carries.ac());
        psw.set(Psw::OV, self.carries.ov());
        psw.set(Psw::P, self.a.count_ones() % 2 == 1);
        psw
    }

    pub(crate) fn set_psw(&mut self, memory: &mut Memory, psw: Psw) {
        memory[direct(sfr::PSW)] = (psw - Psw::P).bits();
        self.take_psw_flags(psw);
    }

    fn take_psw_flags(&mut self, psw: Psw) {
        self.cy = psw.contains(Psw::CY);
        self.carries = Carries::new(psw.contains(Psw::AC), psw.contains(Psw::OV));
        self.bank = (psw & (Psw::RS0 | Psw::RS1)).bits();
    }
}

/// How a loop reaches direct addresses, and what a `RETI` and a write to XDATA mean to it.
pub(crate) trait Direct<B: Bus> {
    /// Whether the loop can be left before an instruction, for the exact loop to look at it.
    const LEAVES: bool;
    fn read(
        &mut self,
        regs: &Regs,
        memory: &Memory,
        bus: &mut B,
        address: u8,
        side: Side,
        bits: u8,
    ) -> u8;
    fn write(&mut self, regs: &mut Regs, memory: &mut Memory, bus: &mut B, address: u8, value: u8);
    fn reti(&mut self, bus: &mut B);
    fn xdata_read(&mut self);
    fn xdata_written(&mut self);
}

/// Direct addresses are plain memory.
#[derive(Debug)]
pub(crate) struct Plain;

impl<B: Bus> Direct<B> for Plain {
    const LEAVES: bool = true;

    #[inline(always)]
    fn read(&mut self, _: &Regs, memory: &Memory, _: &mut B, address: u8, _: Side, _: u8) -> u8 {
        memory[direct(address)]
    }

    #[inline(always)]
    fn write(&mut self, _: &mut Regs, memory: &mut Memory, _: &mut B, address: u8, value: u8) {
        memory[direct(address)] = value;
    }

    #[inline(always)]
    fn reti(&mut self, _: &mut B) {}

    #[inline(always)]
    fn xdata_read(&mut self) {}

    #[inline(always)]
    fn xdata_written(&mut self) {}
}

/// Direct addresses are looked at: ACC and PSW live in registers, hooked ones belong to the bus.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) hooks: SfrSet,
    /// What the run has used when the instruction begins.
    pub(crate) now: Cycles,
    /// Whether the bus may have something to say after the instruction.
    pub(crate) ask_bus: bool,
    /// Which accesses to XDATA are such a case.
    pub(crate) ask_after_xdata: XdataAsk,
}

impl<B: Bus> Direct<B> for Checked {
    const LEAVES: bool = false;

    #[inline(always)]
    fn read(
        &mut self,
        regs: &Regs,
        memory: &Memory,
        bus: &mut B,
        address: u8,
        side: Side,
        bits: u8,
    ) -> u8 {
        match address {
            sfr::ACC => regs.a,
            sfr::PSW => regs.psw(memory).bits(),
            _ if self.hooks.contains(address) => {
                self.ask_bus = true;
                bus.sfr_read(address, side, bits, memory[direct(address)], self.now)
            }
            _ => memory[direct(address)],
        }
    }

    #[inline(always)]
    fn write(&mut self, regs: &mut Regs, memory: &mut Memory, bus: &mut B, address: u8, value: u8) {
        match address {
            sfr::ACC => regs.a = value,
            sfr::PSW => regs.set_psw(memory, Psw::from_bits_retain(value)),
            _ if self.hooks.contains(address) => {
                self.ask_bus = true;
                memory[direct(address)] = bus.sfr_write(address, value, self.now);
            }
            _ => memory[direct(address)] = value,
        }
    }

    fn reti(&mut self, bus: &mut B) {
        if !self.hooks.is_empty() {
            self.ask_bus = true;
            bus.reti(self.now);
        }
    }

    fn xdata_read(&mut self) {
        self.ask_bus |= self.ask_after_xdata.reads;
    }

    fn xdata_written(&mut self) {
        self.ask_bus |= self.ask_after_xdata.writes;
    }
}

/// A `match` over the operations: those that lead elsewhere say where, the others do something and go on.
///
/// How far they go on is a constant in each arm. The address of the next slot is then known at once; if it were loaded
/// from the slot before, the host would wait for each slot in turn.
macro_rules! for_each {
    (
        $uop:expr;
        elsewhere { $( $($leading:ident)|+ => $flow:expr, )* }
        on { $( $name:ident => $effect:expr, )* }
    ) => {
        match $uop {
            $( $(Uop::$leading)|+ => $flow, )*
            $( Uop::$name => {
                $effect;
                Flow::Next(const { Uop::$name.len() as u32 })
            } )*
        }
    };
}

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

impl<B: Bus, D: Direct<B>> Core<'_, B, D> {
    #[inline(always)]
    fn dir(&mut self, address: u8) -> u8 {
        self.pin_bits(address, 0xFF)
    }

    #[inline(always)]
    fn pin_bits(&mut self, address: u8, bits: u8) -> u8 {
        self.direct
            .read(&self.regs, self.memory, self.bus, address, Side::Pin, bits)
    }

    #[inline(always)]
    fn latch(&mut self, address: u8) -> u8 {
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
    fn set_dir(&mut self, address: u8, value: u8) {
        self.direct
            .write(&mut self.regs, self.memory, self.bus, address, value);
    }

    /// Read-modify-write of a direct address: reads the latch.
    #[inline(always)]
    fn modify(&mut self, address: u8, f: impl FnOnce(u8) -> u8) -> u8 {
        let value = f(self.latch(address));
        self.set_dir(address, value);
        value
    }

    /// Index of Rn in memory.
    #[inline(always)]
    fn rn(&self, n: u8) -> usize {
        direct(self.regs.bank | n)
    }

    #[inline(always)]
    fn reg(&self, n: u8) -> u8 {
        self.memory[self.rn(n)]
    }

    #[inline(always)]
    fn set_reg(&mut self, n: u8, value: u8) {
        self.memory[self.rn(n)] = value;
    }

    /// Index of the byte Ri points at.
    #[inline(always)]
    fn at_ri(&self, i: u8) -> usize {
        indirect(self.reg(i))
    }

    #[inline(always)]
    fn at(&self, i: u8) -> u8 {
        self.memory[self.at_ri(i)]
    }

    #[inline(always)]
    fn set_at(&mut self, i: u8, value: u8) {
        self.memory[self.at_ri(i)] = value;
    }

    #[inline(always)]
    fn dptr(&self) -> u16 {
        u16::from_le_bytes([self.memory[direct(sfr::DPL)], self.memory[direct(sfr::DPH)]])
    }

    #[inline(always)]
    fn set_dptr(&mut self, value: u16) {
        let [low, high] = value.to_le_bytes();
        self.memory[direct(sfr::DPL)] = low;
        self.memory[direct(sfr::DPH)] = high;
    }

    /// XDATA address of `MOVX @Ri`: the page is P2's latch.
    #[inline(always)]
    fn xdata_ri(&self, i: u8) -> u16 {
        u16::from_be_bytes([self.memory[direct(sfr::P2)], self.reg(i)])
    }

    #[inline(always)]
    fn xread(&mut self, address: u16) {
        self.regs.a = if D::LEAVES {
            self.bus.xread(address)
        } else {
            self.bus.xread_asked(address)
        };
        self.direct.xdata_read();
    }

    #[inline(always)]
    fn xwrite(&mut self, address: u16) {
        if D::LEAVES {
            self.bus.xwrite(address, self.regs.a);
        } else {
            self.bus.xwrite_asked(address, self.regs.a);
        }
        self.direct.xdata_written();
    }

    #[inline(always)]
    fn count_up_sp(&mut self) -> u8 {
        let sp = self.memory[direct(sfr::SP)].wrapping_add(1);
        self.memory[direct(sfr::SP)] = sp;
        sp
    }

    #[inline(always)]
    fn push(&mut self, value: u8) {
        let sp = self.count_up_sp();
        self.memory[indirect(sp)] = value;
    }

    #[inline(always)]
    fn pop(&mut self) -> u8 {
        let sp = self.memory[direct(sfr::SP)];
        self.memory[direct(sfr::SP)] = sp.wrapping_sub(1);
        self.memory[indirect(sp)]
    }

    /// What SP will be with `bytes` more on the stack; `None` where that wraps around, which only the exact loop knows what to
    /// do about. On a bus with hooks nothing is wrong with it.
    #[inline(always)]
    fn room(&self, bytes: u8) -> Option<u8> {
        let (sp, wraps) = self.memory[direct(sfr::SP)].overflowing_add(bytes);
        if D::LEAVES && !B::HOOKED && wraps {
            cold_path();
            return None;
        }
        Some(sp)
    }

    /// Whether `uop` with the operands of `slot`, which the exact loop is about to execute, makes the stack wrap around: it
    /// grows beyond IRAM 0xFF and goes on at 0x00.
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
    fn call(&mut self, slot: &Slot) -> Flow {
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
    fn ret(&mut self) -> Flow {
        let high = self.pop();
        let low = self.pop();
        Flow::Jump(u16::from_le_bytes([low, high]))
    }

    #[inline(always)]
    fn take(&mut self, sum: Sum) {
        self.regs.a = sum.value;
        self.regs.cy = sum.cy;
        self.regs.carries = sum.carries;
    }

    #[inline(always)]
    fn add(&mut self, b: u8) {
        self.take(alu::add(self.regs.a, b, false));
    }

    #[inline(always)]
    fn addc(&mut self, b: u8) {
        self.take(alu::add(self.regs.a, b, self.regs.cy));
    }

    #[inline(always)]
    fn subb(&mut self, b: u8) {
        self.take(alu::sub(self.regs.a, b, self.regs.cy));
    }

    #[inline(always)]
    fn rlc(&mut self) {
        let a = self.regs.a;
        self.regs.a = a << 1 | u8::from(self.regs.cy);
        self.regs.cy = a & 0x80 != 0;
    }

    #[inline(always)]
    fn rrc(&mut self) {
        let a = self.regs.a;
        self.regs.a = a >> 1 | u8::from(self.regs.cy) << 7;
        self.regs.cy = a & 1 != 0;
    }

    /// `PUSH PSW`. Without interrupts it is rare, and then the loop that cannot do it is the faster one.
    #[inline(always)]
    fn push_psw(&mut self) -> Flow {
        if !B::HOOKED {
            return Flow::Leave;
        }
        self.push(self.regs.psw(self.memory).bits());
        Flow::Next(const { Uop::PushPsw.len() as u32 })
    }

    /// `POP PSW`, likewise.
    #[inline(always)]
    fn pop_psw(&mut self) -> Flow {
        if !B::HOOKED {
            return Flow::Leave;
        }
        let psw = Psw::from_bits_retain(self.pop());
        self.regs.set_psw(self.memory, psw);
        Flow::Next(const { Uop::PopPsw.len() as u32 })
    }

    /// `MOV PSW,#imm`, likewise.
    #[inline(always)]
    fn move_psw(&mut self, value: u8) -> Flow {
        if !B::HOOKED {
            return Flow::Leave;
        }
        self.regs.set_psw(self.memory, Psw::from_bits_retain(value));
        Flow::Next(const { Uop::MovPswImm.len() as u32 })
    }

    /// `PUSH`
    #[inline(always)]
    fn push_byte(&mut self, address: u8) -> Flow {
        if self.room(1).is_none() {
            return Flow::Leave;
        }
        self.push_dir(address);
        Flow::Next(const { Uop::Push.len() as u32 })
    }

    /// `PUSH ACC`
    #[inline(always)]
    fn push_a(&mut self) -> Flow {
        if self.room(1).is_none() {
            return Flow::Leave;
        }
        self.push(self.regs.a);
        Flow::Next(const { Uop::PushA.len() as u32 })
    }

    /// Two `PUSH` in a row.
    #[inline(always)]
    fn push_two(&mut self, first: u8, second: u8) -> Flow {
        if self.room(2).is_none() {
            return Flow::Leave;
        }
        self.push_dir(first);
        self.push_dir(second);
        Flow::Next(const { Uop::PushThenPush.len() as u32 })
    }

    /// `MOV SP,A` where the stack is guarded, or `INC SP` if `counts`. One operation for both: with two of them the block
    /// loop is compiled for the worse.
    #[inline(always)]
    fn set_sp(&mut self, counts: bool) -> Flow {
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
    fn push_dir(&mut self, address: u8) {
        // SP is counted up before the operand is read: PUSH SP pushes the new SP.
        let sp = self.count_up_sp();
        let value = self.dir(address);
        self.memory[indirect(sp)] = value;
    }

    #[inline(always)]
    fn pop_dir(&mut self, address: u8) {
        let value = self.pop();
        self.set_dir(address, value);
    }

    #[inline(always)]
    fn move_dir(&mut self, to: u8, from: u8) {
        let value = self.dir(from);
        self.set_dir(to, value);
    }

    #[inline(always)]
    fn move_to_reg(&mut self, n: u8, from: u8) {
        let value = self.dir(from);
        self.set_reg(n, value);
    }

    /// Branches in the host as well: were the address selected, all that follows would wait for the condition. It is for
    /// that alone that one way is called cold.
    #[inline(always)]
    fn branch(&self, slot: &Slot, taken: bool) -> Flow {
        if taken {
            Flow::Jump(slot.target)
        } else {
            cold_path();
            Flow::Jump(slot.next)
        }
    }

    #[inline(always)]
    fn cjne(&mut self, left: u8, right: u8, slot: &Slot) -> Flow {
        self.regs.cy = left < right;
        self.branch(slot, left != right)
    }

    #[inline(always)]
    fn bit(&mut self, slot: &Slot) -> bool {
        self.pin_bits(slot.x, slot.y) & slot.y != 0
    }

    /// Executes one instruction, PC excepted: the loop follows the [`Flow`].
    #[inline(always)]
    pub(crate) fn exec(&mut self, slot: &Slot) -> Flow {
        self.exec_as(slot.uop, slot)
    }

    /// Executes `uop` with the operands of `slot`.
    #[inline(always)]
    pub(crate) fn exec_as(&mut self, uop: Uop, slot: &Slot) -> Flow {
        for_each! { uop;
            elsewhere {
                Trap | Fault | Exact => Flow::Leave,
                PushPsw => self.push_psw(),
                PopPsw => self.pop_psw(),
                MovPswImm => self.move_psw(slot.y),
                Push => self.push_byte(slot.x),
                PushA => self.push_a(),
                PushThenPush => self.push_two(slot.x, slot.z),
                SetSp => self.set_sp(slot.z != 0),

                Ajmp | Ljmp | Sjmp => Flow::Jump(slot.target),
                Acall | Lcall => self.call(slot),
                Ret => self.ret(),
                Reti => {
                    let flow = self.ret();
                    self.direct.reti(self.bus);
                    flow
                },
                JmpAtADptr => Flow::Jump(self.dptr().wrapping_add(u16::from(self.regs.a))),
                Jz => self.branch(slot, self.regs.a == 0),
                Jnz => self.branch(slot, self.regs.a != 0),
                Jc => self.branch(slot, self.regs.cy),
                Jnc => self.branch(slot, !self.regs.cy),
                Jb => {
                    let taken = self.bit(slot);
                    self.branch(slot, taken)
                },
                Jnb => {
                    let taken = !self.bit(slot);
                    self.branch(slot, taken)
                },
                Jbc => {
                    let byte = self.latch(slot.x);
                    let taken = byte & slot.y != 0;
                    if taken {
                        self.set_dir(slot.x, byte & !slot.y);
                    }
                    self.branch(slot, taken)
                },
                JbA => self.branch(slot, self.regs.a & slot.y != 0),
                JnbA => self.branch(slot, self.regs.a & slot.y == 0),
                CjneAImm => self.cjne(self.regs.a, slot.x, slot),
                CjneADir => {
                    let value = self.dir(slot.x);
                    self.cjne(self.regs.a, value, slot)
                },
                CjneAtRiImm => self.cjne(self.at(slot.x), slot.y, slot),
                CjneRnImm => self.cjne(self.reg(slot.x), slot.y, slot),
                DjnzDir => {
                    let left = self.modify(slot.x, |v| v.wrapping_sub(1));
                    self.branch(slot, left != 0)
                },
                DjnzRn => {
                    let left = self.reg(slot.x).wrapping_sub(1);
                    self.set_reg(slot.x, left);
                    self.branch(slot, left != 0)
                },
            }
            on {
                Nop => {},
                Reserved => {},


                IncA => self.regs.a = self.regs.a.wrapping_add(1),
                IncDir => _ = self.modify(slot.x, |v| v.wrapping_add(1)),
                IncAtRi => self.set_at(slot.x, self.at(slot.x).wrapping_add(1)),
                IncRn => self.set_reg(slot.x, self.reg(slot.x).wrapping_add(1)),
                IncDptr => self.set_dptr(self.dptr().wrapping_add(1)),
                DecA => self.regs.a = self.regs.a.wrapping_sub(1),
                DecDir => _ = self.modify(slot.x, |v| v.wrapping_sub(1)),
                DecAtRi => self.set_at(slot.x, self.at(slot.x).wrapping_sub(1)),
                DecRn => self.set_reg(slot.x, self.reg(slot.x).wrapping_sub(1)),

                AddImm => self.add(slot.x),
                AddDir => {
                    let b = self.dir(slot.x);
                    self.add(b);
                },
                AddAtRi => self.add(self.at(slot.x)),
                AddRn => self.add(self.reg(slot.x)),
                AddA => self.add(self.regs.a),
                AddcImm => self.addc(slot.x),
                AddcDir => {
                    let b = self.dir(slot.x);
                    self.addc(b);
                },
                AddcAtRi => self.addc(self.at(slot.x)),
                AddcRn => self.addc(self.reg(slot.x)),
                AddcA => self.addc(self.regs.a),
                SubbImm => self.subb(slot.x),
                SubbDir => {
                    let b = self.dir(slot.x);
                    self.subb(b);
                },
                SubbAtRi => self.subb(self.at(slot.x)),
                SubbRn => self.subb(self.reg(slot.x)),
                SubbA => self.subb(self.regs.a),
                Mul => {
                    let (low, high, ov) = alu::mul(self.regs.a, self.memory[direct(sfr::B)]);
                    self.product(low, high, ov);
                },
                Div => {
                    let (quotient, remainder, ov) = alu::div(self.regs.a, self.memory[direct(sfr::B)]);
                    self.product(quotient, remainder, ov);
                },
                DaA => {
                    let regs = &mut self.regs;
                    (regs.a, regs.cy) = alu::decimal_adjust(regs.a, regs.cy, regs.carries.ac());
                },

                OrlImm => self.regs.a |= slot.x,
                OrlDir => self.regs.a |= self.dir(slot.x),
                OrlAtRi => self.regs.a |= self.at(slot.x),
                OrlRn => self.regs.a |= self.reg(slot.x),
                OrlDirA => {
                    let a = self.regs.a;
                    self.modify(slot.x, |v| v | a);
                },
                OrlDirImm => _ = self.modify(slot.x, |v| v | slot.y),
                AnlImm => self.regs.a &= slot.x,
                AnlDir => self.regs.a &= self.dir(slot.x),
                AnlAtRi => self.regs.a &= self.at(slot.x),
                AnlRn => self.regs.a &= self.reg(slot.x),
                AnlDirA => {
                    let a = self.regs.a;
                    self.modify(slot.x, |v| v & a);
                },
                AnlDirImm => _ = self.modify(slot.x, |v| v & slot.y),
                XrlImm => self.regs.a ^= slot.x,
                XrlDir => self.regs.a ^= self.dir(slot.x),
                XrlAtRi => self.regs.a ^= self.at(slot.x),
                XrlRn => self.regs.a ^= self.reg(slot.x),
                XrlDirA => {
                    let a = self.regs.a;
                    self.modify(slot.x, |v| v ^ a);
                },
                XrlDirImm => _ = self.modify(slot.x, |v| v ^ slot.y),
                ClrA => self.regs.a = 0,
                CplA => self.regs.a = !self.regs.a,
                RlA => self.regs.a = self.regs.a.rotate_left(1),
                RrA => self.regs.a = self.regs.a.rotate_right(1),
                RlcA => self.rlc(),
                RrcA => self.rrc(),
                SwapA => self.regs.a = self.regs.a.rotate_left(4),

                MovAImm => self.regs.a = slot.x,
                MovADir => self.regs.a = self.dir(slot.x),
                MovAAtRi => self.regs.a = self.at(slot.x),
                MovARn => self.regs.a = self.reg(slot.x),
                MovDirA => self.set_dir(slot.x, self.regs.a),
                MovDirImm => self.set_dir(slot.x, slot.y),
                MovDirDir => self.move_dir(slot.x, slot.y),
                MovDirAtRi => self.set_dir(slot.x, self.at(slot.y)),
                MovDirRn => self.set_dir(slot.x, self.reg(slot.y)),
                MovAtRiA => self.set_at(slot.x, self.regs.a),
                MovAtRiImm => self.set_at(slot.x, slot.y),
                MovAtRiDir => {
                    let value = self.dir(slot.y);
                    self.set_at(slot.x, value);
                },
                MovRnA => self.set_reg(slot.x, self.regs.a),
                MovRnImm => self.set_reg(slot.x, slot.y),
                MovRnDir => self.move_to_reg(slot.x, slot.y),
                MovDptr => self.set_dptr(slot.target),
                MovcAPc => {
                    self.regs.a = self.code[slot.next.wrapping_add(u16::from(self.regs.a)) as usize]
                },
                MovcADptr => {
                    self.regs.a = self.code[self.dptr().wrapping_add(u16::from(self.regs.a)) as usize]
                },
                MovxADptr => self.xread(self.dptr()),
                MovxAAtRi => self.xread(self.xdata_ri(slot.x)),
                MovxDptrA => self.xwrite(self.dptr()),
                MovxAtRiA => self.xwrite(self.xdata_ri(slot.x)),
                Pop => self.pop_dir(slot.x),
                PopA => self.regs.a = self.pop(),
                XchDir => {
                    let value = self.dir(slot.x);
                    self.set_dir(slot.x, self.regs.a);
                    self.regs.a = value;
                },
                XchAtRi => {
                    let value = self.at(slot.x);
                    self.set_at(slot.x, self.regs.a);
                    self.regs.a = value;
                },
                XchRn => {
                    let value = self.reg(slot.x);
                    self.set_reg(slot.x, self.regs.a);
                    self.regs.a = value;
                },
                XchdAtRi => {
                    let value = self.at(slot.x);
                    self.set_at(slot.x, value & 0xF0 | self.regs.a & 0x0F);
                    self.regs.a = self.regs.a & 0xF0 | value & 0x0F;
                },

                ClrC => self.regs.cy = false,
                SetbC => self.regs.cy = true,
                CplC => self.regs.cy = !self.regs.cy,
                ClrBit => _ = self.modify(slot.x, |v| v & !slot.y),
                SetbBit => _ = self.modify(slot.x, |v| v | slot.y),
                CplBit => _ = self.modify(slot.x, |v| v ^ slot.y),
                MovCBit => self.regs.cy = self.bit(slot),
                MovBitC => {
                    let cy = self.regs.cy;
                    self.modify(slot.x, |v| if cy { v | slot.y } else { v & !slot.y });
                },
                MovCA => self.regs.cy = self.regs.a & slot.y != 0,
                MovAC => {
                    self.regs.a = if self.regs.cy {
                        self.regs.a | slot.y
                    } else {
                        self.regs.a & !slot.y
                    }
                },
                OrlCBit => self.regs.cy |= self.bit(slot),
                OrlCNotBit => self.regs.cy |= !self.bit(slot),
                AnlCBit => self.regs.cy &= self.bit(slot),
                AnlCNotBit => self.regs.cy &= !self.bit(slot),

                // Pairs: the operands of the first are in x and y, those of the second in z and target.
                IncDptrThenMovxADptr => {
                    self.set_dptr(self.dptr().wrapping_add(1));
                    self.xread(self.dptr());
                },
                IncDptrThenMovxDptrA => {
                    self.set_dptr(self.dptr().wrapping_add(1));
                    self.xwrite(self.dptr());
                },
                IncDptrThenIncRn => {
                    self.set_dptr(self.dptr().wrapping_add(1));
                    self.set_reg(slot.z, self.reg(slot.z).wrapping_add(1));
                },
                MovxADptrThenMovRnA => {
                    self.xread(self.dptr());
                    self.set_reg(slot.z, self.regs.a);
                },
                MovxADptrThenMovDirA => {
                    self.xread(self.dptr());
                    self.set_dir(slot.z, self.regs.a);
                },
                MovxADptrThenMovAtRiA => {
                    self.xread(self.dptr());
                    self.set_at(slot.z, self.regs.a);
                },
                MovxDptrAThenMovARn => {
                    self.xwrite(self.dptr());
                    self.regs.a = self.reg(slot.z);
                },
                MovxDptrAThenMovADir => {
                    self.xwrite(self.dptr());
                    self.regs.a = self.dir(slot.z);
                },
                MovxAtRiAThenIncRn => {
                    self.xwrite(self.xdata_ri(slot.x));
                    self.set_reg(slot.z, self.reg(slot.z).wrapping_add(1));
                },
                MovDptrThenMovxADptr => {
                    self.set_dptr(slot.target);
                    self.xread(self.dptr());
                },
                MovDptrThenMovARn => {
                    self.set_dptr(slot.target);
                    self.regs.a = self.reg(slot.z);
                },
                MovRnAThenMovARn => {
                    self.set_reg(slot.x, self.regs.a);
                    self.regs.a = self.reg(slot.z);
                },
                MovRnAThenMovADir => {
                    self.set_reg(slot.x, self.regs.a);
                    self.regs.a = self.dir(slot.z);
                },
                MovRnAThenIncDptr => {
                    self.set_reg(slot.x, self.regs.a);
                    self.set_dptr(self.dptr().wrapping_add(1));
                },
                MovRnAThenMovDirRn => {
                    self.set_reg(slot.x, self.regs.a);
                    self.set_dir(slot.z, self.reg(slot.target as u8));
                },
                MovDirAThenMovARn => {
                    self.set_dir(slot.x, self.regs.a);
                    self.regs.a = self.reg(slot.z);
                },
                MovDirAThenMovADir => {
                    self.set_dir(slot.x, self.regs.a);
                    self.regs.a = self.dir(slot.z);
                },
                MovDirAThenIncDptr => {
                    self.set_dir(slot.x, self.regs.a);
                    self.set_dptr(self.dptr().wrapping_add(1));
                },
                MovDirAThenClrA => {
                    self.set_dir(slot.x, self.regs.a);
                    self.regs.a = 0;
                },
                MovARnThenAddImm => {
                    self.regs.a = self.reg(slot.x);
                    self.add(slot.z);
                },
                MovARnThenAddcImm => {
                    self.regs.a = self.reg(slot.x);
                    self.addc(slot.z);
                },
                MovARnThenAddRn => {
                    self.regs.a = self.reg(slot.x);
                    self.add(self.reg(slot.z));
                },
                MovARnThenRrcA => {
                    self.regs.a = self.reg(slot.x);
                    self.rrc();
                },
                MovARnThenRlcA => {
                    self.regs.a = self.reg(slot.x);
                    self.rlc();
                },
                MovARnThenAddcDir => {
                    self.regs.a = self.reg(slot.x);
                    let b = self.dir(slot.z);
                    self.addc(b);
                },
                MovARnThenOrlDirA => {
                    let a = self.reg(slot.x);
                    self.regs.a = a;
                    self.modify(slot.z, |v| v | a);
                },
                MovARnThenXrlDirA => {
                    let a = self.reg(slot.x);
                    self.regs.a = a;
                    self.modify(slot.z, |v| v ^ a);
                },
                MovAAtRiThenIncRn => {
                    self.regs.a = self.at(slot.x);
                    self.set_reg(slot.z, self.reg(slot.z).wrapping_add(1));
                },
                MovADirThenAddImm => {
                    self.regs.a = self.dir(slot.x);
                    self.add(slot.z);
                },
                MovADirThenSubbDir => {
                    self.regs.a = self.dir(slot.x);
                    let b = self.dir(slot.z);
                    self.subb(b);
                },
                MovADirThenOrlDirA => {
                    let a = self.dir(slot.x);
                    self.regs.a = a;
                    self.modify(slot.z, |v| v | a);
                },
                MovADirThenXrlDirA => {
                    let a = self.dir(slot.x);
                    self.regs.a = a;
                    self.modify(slot.z, |v| v ^ a);
                },
                AddImmThenMovDirA => {
                    self.add(slot.x);
                    self.set_dir(slot.z, self.regs.a);
                },
                AddcImmThenMovDirA => {
                    self.addc(slot.x);
                    self.set_dir(slot.z, self.regs.a);
                },
                AddRnThenMovRnA => {
                    self.add(self.reg(slot.x));
                    self.set_reg(slot.z, self.regs.a);
                },
                AddcRnThenMovRnA => {
                    self.addc(self.reg(slot.x));
                    self.set_reg(slot.z, self.regs.a);
                },
                RrcAThenMovRnA => {
                    self.rrc();
                    self.set_reg(slot.z, self.regs.a);
                },
                RlcAThenMovRnA => {
                    self.rlc();
                    self.set_reg(slot.z, self.regs.a);
                },
                ClrCThenMovARn => {
                    self.regs.cy = false;
                    self.regs.a = self.reg(slot.z);
                },
                ClrCThenMovADir => {
                    self.regs.cy = false;
                    self.regs.a = self.dir(slot.z);
                },
                ClrCThenMovAImm => {
                    self.regs.cy = false;
                    self.regs.a = slot.z;
                },
                PopThenPop => {
                    self.pop_dir(slot.x);
                    self.pop_dir(slot.z);
                },
                MovDirRnThenMovDirRn => {
                    self.set_dir(slot.x, self.reg(slot.y));
                    self.set_dir(slot.z, self.reg(slot.target as u8));
                },
                MovDirDirThenMovDirDir => {
                    self.move_dir(slot.x, slot.y);
                    self.move_dir(slot.z, slot.target as u8);
                },
                MovRnDirThenMovRnDir => {
                    self.move_to_reg(slot.x, slot.y);
                    self.move_to_reg(slot.z, slot.target as u8);
                },
            }
        }
    }

    /// What `MUL` and `DIV` leave: CY cleared, AC as it was.
    #[inline(always)]
    fn product(&mut self, a: u8, b: u8, ov: bool) {
        self.regs.a = a;
        self.memory[direct(sfr::B)] = b;
        self.regs.cy = false;
        self.regs.carries = self.regs.carries.with_ov(ov);
    }
}
