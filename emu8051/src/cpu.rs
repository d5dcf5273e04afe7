//! The processor's state between runs.

use crate::memory::{Memory, direct, indirect};
use crate::sfr::{self, Psw};

/// An 8051's registers and internal memory: plain data, compared and cloned like any value.
///
/// XDATA and CODE are not part of it: they belong to the [`Bus`](crate::Bus) and the [`Program`](crate::Program).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cpu {
    pub(crate) pc: u16,
    /// P is never kept here: PSW's lowest bit is zero and [`Cpu::psw`] computes it.
    pub(crate) memory: Memory,
}

impl Cpu {
    /// A processor after reset: PC 0x0000, SP 0x07, ports 0xFF, everything else zero, IRAM included (hardware leaves
    /// IRAM undefined; a result must not depend on it).
    pub fn new() -> Cpu {
        let mut memory = [0; 384];
        memory[direct(sfr::SP)] = 0x07;
        for port in [sfr::P0, sfr::P1, sfr::P2, sfr::P3] {
            memory[direct(port)] = 0xFF;
        }
        Cpu { pc: 0, memory }
    }

    /// IRAM and SFRs: 128 bytes of upper IRAM (0x80 up), 128 of lower IRAM, then the SFRs from 0x80
    /// up. The lowest bit of PSW is zero here: see [`Cpu::psw`].
    pub fn memory(&self) -> &[u8; 384] {
        &self.memory
    }

    /// Replaces IRAM and SFRs, in the order of [`Cpu::memory`].
    pub fn set_memory(&mut self, memory: &[u8; 384]) {
        self.memory = *memory;
        self.set_psw(self.psw());
    }

    /// The program counter.
    pub fn pc(&self) -> u16 {
        self.pc
    }

    /// Makes the next run begin at `pc`.
    pub fn set_pc(&mut self, pc: u16) {
        self.pc = pc;
    }

    /// The accumulator.
    pub fn a(&self) -> u8 {
        self.memory[direct(sfr::ACC)]
    }

    /// Sets the accumulator, and with it the parity flag.
    pub fn set_a(&mut self, value: u8) {
        self.memory[direct(sfr::ACC)] = value;
    }

    /// The B register.
    pub fn b(&self) -> u8 {
        self.sfr(sfr::B)
    }

    /// Sets the B register.
    pub fn set_b(&mut self, value: u8) {
        self.set_sfr(sfr::B, value);
    }

    /// The program status word; P is the parity of ACC as it is now.
    pub fn psw(&self) -> Psw {
        let kept = Psw::from_bits_retain(self.memory[direct(sfr::PSW)]);
        if self.a().count_ones() % 2 == 1 {
            kept | Psw::P
        } else {
            kept
        }
    }

    /// Sets the program status word, P excepted: it always follows ACC.
    pub fn set_psw(&mut self, psw: Psw) {
        self.memory[direct(sfr::PSW)] = (psw - Psw::P).bits();
    }

    /// The stack pointer.
    pub fn sp(&self) -> u8 {
        self.sfr(sfr::SP)
    }

    /// Sets the stack pointer.
    pub fn set_sp(&mut self, value: u8) {
        self.set_sfr(sfr::SP, value);
    }

    /// The data pointer, DPH in the high byte.
    pub fn dptr(&self) -> u16 {
        u16::from_le_bytes([self.sfr(sfr::DPL), self.sfr(sfr::DPH)])
    }

    /// Sets the data pointer.
    pub fn set_dptr(&mut self, value: u16) {
        let [low, high] = value.to_le_bytes();
        self.set_sfr(sfr::DPL, low);
        self.set_sfr(sfr::DPH, high);
    }

    /// Register `n` of the bank PSW selects; only the low three bits of `n` count.
    pub fn r(&self, n: u8) -> u8 {
        self.iram(self.register_address(n))
    }

    /// Sets register `n` of the bank PSW selects; only the low three bits of `n` count.
    pub fn set_r(&mut self, n: u8, value: u8) {
        self.set_iram(self.register_address(n), value);
    }

    fn register_address(&self, n: u8) -> u8 {
        self.psw().bits() & 0x18 | n & 7
    }

    /// A byte of IRAM, all 256 of them by their indirect address.
    pub fn iram(&self, address: u8) -> u8 {
        self.memory[indirect(address)]
    }

    /// Sets a byte of IRAM.
    pub fn set_iram(&mut self, address: u8, value: u8) {
        self.memory[indirect(address)] = value;
    }

    /// All of IRAM in order of address.
    pub fn iram_all(&self) -> [u8; 256] {
        std::array::from_fn(|address| self.iram(address as u8))
    }

    /// The special function register at the direct address `address`; zero below 0x80, where IRAM is.
    ///
    /// Ports give their latch.
    pub fn sfr(&self, address: u8) -> u8 {
        match address {
            0..=0x7F => 0,
            sfr::PSW => self.psw().bits(),
            _ => self.memory[direct(address)],
        }
    }

    /// Sets the special function register at the direct address `address`; below 0x80, where IRAM is, nothing happens.
    pub fn set_sfr(&mut self, address: u8, value: u8) {
        match address {
            0..=0x7F => {}
            sfr::PSW => self.set_psw(Psw::from_bits_retain(value)),
            _ => self.memory[direct(address)] = value,
        }
    }

    /// Pushes a byte as `PUSH` does: SP up by one, then the byte to IRAM.
    pub fn push(&mut self, value: u8) {
        let sp = self.sp().wrapping_add(1);
        self.set_sp(sp);
        self.set_iram(sp, value);
    }
}

impl Default for Cpu {
    fn default() -> Cpu {
        Cpu::new()
    }
}
