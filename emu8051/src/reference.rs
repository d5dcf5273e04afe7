//! The slow, obvious interpreter: what the manual says, one opcode after the other.
//!
//! It shares nothing with the fast one but the [`Cpu`] and the [`Bus`]: it fetches byte by byte, matches raw opcodes,
//! counts its own cycles, and keeps PSW as a byte. Tests and fuzzing hold the two against each other.
//!
//! It is longer than 500 lines because it is one `match` of 256 opcodes, to be read beside the manual's list.

use crate::bus::Bus;
use crate::cpu::Cpu;
use crate::sfr::{B, DPH, DPL, P2, Psw, SP};

/// Executes the instruction at PC and returns its machine cycles. The reserved opcode 0xA5 does nothing in one cycle;
/// there are no traps, faults or hooks here.
pub fn step<M: Bus>(cpu: &mut Cpu, bus: &mut M, code: &[u8; 65536]) -> u64 {
    Machine { cpu, bus, code }.instruction()
}

struct Machine<'a, M> {
    cpu: &'a mut Cpu,
    bus: &'a mut M,
    code: &'a [u8; 65536],
}

impl<M: Bus> Machine<'_, M> {
    fn fetch(&mut self) -> u8 {
        let pc = self.cpu.pc();
        self.cpu.set_pc(pc.wrapping_add(1));
        self.code[pc as usize]
    }

    fn direct(&self, address: u8) -> u8 {
        if address < 0x80 {
            self.cpu.iram(address)
        } else {
            self.cpu.sfr(address)
        }
    }

    fn set_direct(&mut self, address: u8, value: u8) {
        if address < 0x80 {
            self.cpu.set_iram(address, value)
        } else {
            self.cpu.set_sfr(address, value)
        }
    }

    fn bit_byte(bit: u8) -> u8 {
        if bit < 0x80 {
            0x20 + bit / 8
        } else {
            bit / 8 * 8
        }
    }

    fn bit(&self, bit: u8) -> bool {
        self.direct(Self::bit_byte(bit)) >> (bit % 8) & 1 == 1
    }

    fn set_bit(&mut self, bit: u8, value: bool) {
        let byte = Self::bit_byte(bit);
        let mask = 1 << (bit % 8);
        let old = self.direct(byte);
        self.set_direct(byte, if value { old | mask } else { old & !mask });
    }

    fn flag(&self, flag: Psw) -> bool {
        self.cpu.psw().contains(flag)
    }

    fn set_flag(&mut self, flag: Psw, value: bool) {
        let mut psw = self.cpu.psw();
        psw.set(flag, value);
        self.cpu.set_psw(psw);
    }

    fn push(&mut self, value: u8) {
        let sp = self.direct(SP).wrapping_add(1);
        self.set_direct(SP, sp);
        self.cpu.set_iram(sp, value);
    }

    fn pop(&mut self) -> u8 {
        let sp = self.direct(SP);
        self.set_direct(SP, sp.wrapping_sub(1));
        self.cpu.iram(sp)
    }

    fn jump_relative(&mut self, distance: u8) {
        let pc = self.cpu.pc();
        self.cpu.set_pc(pc.wrapping_add(distance as i8 as u16));
    }

    fn branch_if(&mut self, taken: bool) {
        let distance = self.fetch();
        if taken {
            self.jump_relative(distance);
        }
    }

    fn dptr(&self) -> u16 {
        u16::from(self.direct(DPH)) * 256 + u16::from(self.direct(DPL))
    }

    fn set_dptr(&mut self, value: u16) {
        self.set_direct(DPH, (value / 256) as u8);
        self.set_direct(DPL, (value % 256) as u8);
    }

    /// The second operand of the arithmetic and logic columns: `#data`, `direct`, `@R0`, `@R1`, `R0`..`R7`.
    fn source(&mut self, opcode: u8) -> u8 {
        match opcode & 0x0F {
            4 => self.fetch(),
            5 => {
                let address = self.fetch();
                self.direct(address)
            }
            i @ (6 | 7) => self.cpu.iram(self.cpu.r(i - 6)),
            n => self.cpu.r(n - 8),
        }
    }

    fn add(&mut self, b: u8, carry: bool) {
        let a = self.cpu.a();
        let c = i32::from(carry);
        let unsigned = i32::from(a) + i32::from(b) + c;
        let signed = i32::from(a as i8) + i32::from(b as i8) + c;
        let low = i32::from(a & 15) + i32::from(b & 15) + c;
        self.cpu.set_a((unsigned % 256) as u8);
        self.set_flag(Psw::CY, unsigned > 255);
        self.set_flag(Psw::AC, low > 15);
        self.set_flag(Psw::OV, !(-128..=127).contains(&signed));
    }

    fn subtract(&mut self, b: u8) {
        let a = self.cpu.a();
        let c = i32::from(self.flag(Psw::CY));
        let unsigned = i32::from(a) - i32::from(b) - c;
        let signed = i32::from(a as i8) - i32::from(b as i8) - c;
        let low = i32::from(a & 15) - i32::from(b & 15) - c;
        self.cpu.set_a(unsigned.rem_euclid(256) as u8);
        self.set_flag(Psw::CY, unsigned < 0);
        self.set_flag(Psw::AC, low < 0);
        self.set_flag(Psw::OV, !(-128..=127).contains(&signed));
    }

    fn decimal_adjust(&mut self) {
        let mut a = u16::from(self.cpu.a());
        if a % 16 > 9 || self.flag(Psw::AC) {
            a += 6;
        }
        if a > 255 {
            self.set_flag(Psw::CY, true);
        }
        a %= 256;
        if a / 16 > 9 || self.flag(Psw::CY) {
            a += 0x60;
        }
        if a > 255 {
            self.set_flag(Psw::CY, true);
        }
        self.cpu.set_a((a % 256) as u8);
    }

    fn compare(&mut self, left: u8, right: u8) {
        self.set_flag(Psw::CY, left < right);
        self.branch_if(left != right);
    }

    fn xdata_ri(&self, i: u8) -> u16 {
        u16::from(self.direct(P2)) * 256 + u16::from(self.cpu.r(i))
    }

    fn movc(&mut self, base: u16) {
        let at = base.wrapping_add(u16::from(self.cpu.a()));
        self.cpu.set_a(self.code[at as usize]);
    }

    /// `AJMP` and `ACALL`: the page of the next instruction.
    fn page_target(&mut self, opcode: u8) -> u16 {
        let low = self.fetch();
        let page = self.cpu.pc() / 0x0800 * 0x0800;
        page + u16::from(opcode / 0x20) * 256 + u16::from(low)
    }

    fn fetch16(&mut self) -> u16 {
        let high = self.fetch();
        u16::from(high) * 256 + u16::from(self.fetch())
    }

    fn call(&mut self, target: u16) {
        let pc = self.cpu.pc();
        self.push((pc % 256) as u8);
        self.push((pc / 256) as u8);
        self.cpu.set_pc(target);
    }

    /// Executes an instruction; the value of each arm is its machine cycles.
    fn instruction(&mut self) -> u64 {
        let opcode = self.fetch();
        let n = opcode & 7;
        let i = opcode & 1;
        let a = self.cpu.a();
        match opcode {
            0x00 | 0xA5 => 1,
            0x02 => {
                let target = self.fetch16();
                self.cpu.set_pc(target);
                2
            }
            0x12 => {
                let target = self.fetch16();
                self.call(target);
                2
            }
            0x01 | 0x21 | 0x41 | 0x61 | 0x81 | 0xA1 | 0xC1 | 0xE1 => {
                let target = self.page_target(opcode);
                self.cpu.set_pc(target);
                2
            }
            0x11 | 0x31 | 0x51 | 0x71 | 0x91 | 0xB1 | 0xD1 | 0xF1 => {
                let target = self.page_target(opcode);
                self.call(target);
                2
            }
            0x22 | 0x32 => {
                let high = self.pop();
                let low = self.pop();
                self.cpu.set_pc(u16::from(high) * 256 + u16::from(low));
                2
            }
            0x73 => {
                let target = self.dptr().wrapping_add(u16::from(a));
                self.cpu.set_pc(target);
                2
            }
            0x80 => {
                self.branch_if(true);
                2
            }
            0x40 => {
                self.branch_if(self.flag(Psw::CY));
                2
            }
            0x50 => {
                self.branch_if(!self.flag(Psw::CY));
                2
            }
            0x60 => {
                self.branch_if(a == 0);
                2
            }
            0x70 => {
                self.branch_if(a != 0);
                2
            }
            0x10 => {
                let bit = self.fetch();
                let set = self.bit(bit);
                if set {
                    self.set_bit(bit, false);
                }
                self.branch_if(set);
                2
            }
            0x20 => {
                let bit = self.fetch();
                let set = self.bit(bit);
                self.branch_if(set);
                2
            }
            0x30 => {
                let bit = self.fetch();
                let set = self.bit(bit);
                self.branch_if(!set);
                2
            }
            0xB4..=0xB5 => {
                let right = self.source(opcode);
                self.compare(a, right);
                2
            }
            0xB6..=0xBF => {
                let left = self.source(opcode);
                let right = self.fetch();
                self.compare(left, right);
                2
            }
            0xD5 => {
                let address = self.fetch();
                let left = self.direct(address).wrapping_sub(1);
                self.set_direct(address, left);
                self.branch_if(left != 0);
                2
            }
            0xD8..=0xDF => {
                let left = self.cpu.r(n).wrapping_sub(1);
                self.cpu.set_r(n, left);
                self.branch_if(left != 0);
                2
            }
            0x04 => {
                self.cpu.set_a(a.wrapping_add(1));
                1
            }
            0x14 => {
                self.cpu.set_a(a.wrapping_sub(1));
                1
            }
            0x05 | 0x15 => {
                let address = self.fetch();
                let by = if opcode == 0x05 { 1 } else { 0xFF };
                self.set_direct(address, self.direct(address).wrapping_add(by));
                1
            }
            0x06 | 0x07 | 0x16 | 0x17 => {
                let address = self.cpu.r(i);
                let by = if opcode < 0x10 { 1 } else { 0xFF };
                self.cpu
                    .set_iram(address, self.cpu.iram(address).wrapping_add(by));
                1
            }
            0x08..=0x0F | 0x18..=0x1F => {
                let by = if opcode < 0x10 { 1 } else { 0xFF };
                self.cpu.set_r(n, self.cpu.r(n).wrapping_add(by));
                1
            }
            0xA3 => {
                self.set_dptr(self.dptr().wrapping_add(1));
                2
            }
            0x24..=0x2F => {
                let b = self.source(opcode);
                self.add(b, false);
                1
            }
            0x34..=0x3F => {
                let b = self.source(opcode);
                self.add(b, self.flag(Psw::CY));
                1
            }
            0x94..=0x9F => {
                let b = self.source(opcode);
                self.subtract(b);
                1
            }
            0x44..=0x4F => {
                let b = self.source(opcode);
                self.cpu.set_a(a | b);
                1
            }
            0x54..=0x5F => {
                let b = self.source(opcode);
                self.cpu.set_a(a & b);
                1
            }
            0x64..=0x6F => {
                let b = self.source(opcode);
                self.cpu.set_a(a ^ b);
                1
            }
            0x42 | 0x52 | 0x62 | 0x43 | 0x53 | 0x63 => {
                let address = self.fetch();
                let (b, cycles) = if opcode & 1 == 0 {
                    (a, 1)
                } else {
                    (self.fetch(), 2)
                };
                let old = self.direct(address);
                let new = match opcode & 0xF0 {
                    0x40 => old | b,
                    0x50 => old & b,
                    _ => old ^ b,
                };
                self.set_direct(address, new);
                cycles
            }
            0xA4 => {
                let product = u32::from(a) * u32::from(self.direct(B));
                self.cpu.set_a((product % 256) as u8);
                self.set_direct(B, (product / 256) as u8);
                self.set_flag(Psw::CY, false);
                self.set_flag(Psw::OV, product > 255);
                4
            }
            0x84 => {
                let b = self.direct(B);
                self.set_flag(Psw::CY, false);
                self.set_flag(Psw::OV, b == 0);
                if let Some(quotient) = a.checked_div(b) {
                    self.cpu.set_a(quotient);
                    self.set_direct(B, a - b * quotient);
                }
                4
            }
            0xD4 => {
                self.decimal_adjust();
                1
            }
            0xE4 => {
                self.cpu.set_a(0);
                1
            }
            0xF4 => {
                self.cpu.set_a(!a);
                1
            }
            0x23 => {
                self.cpu.set_a(a.rotate_left(1));
                1
            }
            0x03 => {
                self.cpu.set_a(a.rotate_right(1));
                1
            }
            0x33 => {
                self.cpu.set_a(a << 1 | u8::from(self.flag(Psw::CY)));
                self.set_flag(Psw::CY, a >= 0x80);
                1
            }
            0x13 => {
                self.cpu.set_a(a >> 1 | u8::from(self.flag(Psw::CY)) << 7);
                self.set_flag(Psw::CY, a % 2 == 1);
                1
            }
            0xC4 => {
                self.cpu.set_a(a.rotate_left(4));
                1
            }
            0x74 | 0xE5..=0xEF => {
                let value = self.source(if opcode == 0x74 { 4 } else { opcode });
                self.cpu.set_a(value);
                1
            }
            0x75 => {
                let address = self.fetch();
                let value = self.fetch();
                self.set_direct(address, value);
                2
            }
            0x76 | 0x77 => {
                let value = self.fetch();
                self.cpu.set_iram(self.cpu.r(i), value);
                1
            }
            0x78..=0x7F => {
                let value = self.fetch();
                self.cpu.set_r(n, value);
                1
            }
            0x85 => {
                let from = self.fetch();
                let to = self.fetch();
                self.set_direct(to, self.direct(from));
                2
            }
            0x86..=0x8F => {
                let value = self.source(opcode);
                let to = self.fetch();
                self.set_direct(to, value);
                2
            }
            0x90 => {
                let value = self.fetch16();
                self.set_dptr(value);
                2
            }
            0xA6 | 0xA7 => {
                let from = self.fetch();
                self.cpu.set_iram(self.cpu.r(i), self.direct(from));
                2
            }
            0xA8..=0xAF => {
                let from = self.fetch();
                self.cpu.set_r(n, self.direct(from));
                2
            }
            0xF5 => {
                let to = self.fetch();
                self.set_direct(to, a);
                1
            }
            0xF6 | 0xF7 => {
                self.cpu.set_iram(self.cpu.r(i), a);
                1
            }
            0xF8..=0xFF => {
                self.cpu.set_r(n, a);
                1
            }
            0x83 => {
                self.movc(self.cpu.pc());
                2
            }
            0x93 => {
                self.movc(self.dptr());
                2
            }
            0xE0 => {
                let value = self.bus.xread(self.dptr());
                self.cpu.set_a(value);
                2
            }
            0xE2 | 0xE3 => {
                let value = self.bus.xread(self.xdata_ri(i));
                self.cpu.set_a(value);
                2
            }
            0xF0 => {
                self.bus.xwrite(self.dptr(), a);
                2
            }
            0xF2 | 0xF3 => {
                self.bus.xwrite(self.xdata_ri(i), a);
                2
            }
            0xC0 => {
                let from = self.fetch();
                let sp = self.direct(SP).wrapping_add(1);
                self.set_direct(SP, sp);
                self.cpu.set_iram(sp, self.direct(from));
                2
            }
            0xD0 => {
                let to = self.fetch();
                let value = self.pop();
                self.set_direct(to, value);
                2
            }
            0xC5 => {
                let address = self.fetch();
                let value = self.direct(address);
                self.set_direct(address, a);
                self.cpu.set_a(value);
                1
            }
            0xC6 | 0xC7 => {
                let address = self.cpu.r(i);
                self.cpu.set_a(self.cpu.iram(address));
                self.cpu.set_iram(address, a);
                1
            }
            0xC8..=0xCF => {
                self.cpu.set_a(self.cpu.r(n));
                self.cpu.set_r(n, a);
                1
            }
            0xD6 | 0xD7 => {
                let address = self.cpu.r(i);
                let value = self.cpu.iram(address);
                self.cpu.set_a(a / 16 * 16 + value % 16);
                self.cpu.set_iram(address, value / 16 * 16 + a % 16);
                1
            }
            0xC3 | 0xD3 => {
                self.set_flag(Psw::CY, opcode == 0xD3);
                1
            }
            0xB3 => {
                self.set_flag(Psw::CY, !self.flag(Psw::CY));
                1
            }
            0xC2 | 0xD2 => {
                let bit = self.fetch();
                self.set_bit(bit, opcode == 0xD2);
                1
            }
            0xB2 => {
                let bit = self.fetch();
                self.set_bit(bit, !self.bit(bit));
                1
            }
            0xA2 => {
                let bit = self.fetch();
                self.set_flag(Psw::CY, self.bit(bit));
                1
            }
            0x92 => {
                let bit = self.fetch();
                self.set_bit(bit, self.flag(Psw::CY));
                2
            }
            0x72 | 0xA0 | 0x82 | 0xB0 => {
                let bit = self.fetch();
                let value = self.bit(bit) ^ (opcode >= 0xA0);
                let carry = self.flag(Psw::CY);
                let either = opcode == 0x72 || opcode == 0xA0;
                self.set_flag(Psw::CY, if either { carry | value } else { carry & value });
                2
            }
        }
    }
}
