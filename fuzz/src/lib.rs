//! What the fuzz targets of the processor share: a machine in any state, with any program.

use emu8051::{Cpu, Psw, Xdata, sfr};
use libfuzzer_sys::arbitrary::{self, Arbitrary};

/// A processor, some CODE and some XDATA, as the fuzzer likes them.
#[derive(Arbitrary, Debug)]
pub struct Machine<'a> {
    pc: u16,
    a: u8,
    b: u8,
    psw: u8,
    sp: u8,
    dptr: u16,
    p2: u8,
    /// IRAM is filled with this byte, from this address on.
    iram: (u8, &'a [u8]),
    xdata: (u16, &'a [u8]),
    /// The bytes of CODE, from this address on.
    pub code: (u16, &'a [u8]),
}

impl Machine<'_> {
    /// The processor.
    pub fn cpu(&self) -> Cpu {
        let mut cpu = Cpu::new();
        cpu.set_pc(self.pc);
        cpu.set_a(self.a);
        cpu.set_b(self.b);
        cpu.set_psw(Psw::from_bits_retain(self.psw));
        cpu.set_sp(self.sp);
        cpu.set_dptr(self.dptr);
        cpu.set_sfr(sfr::P2, self.p2);
        let (from, bytes) = self.iram;
        for (distance, byte) in (0..=u8::MAX).zip(bytes) {
            cpu.set_iram(from.wrapping_add(distance), *byte);
        }
        cpu
    }

    /// The external memory.
    pub fn xdata(&self) -> Xdata {
        let mut xdata = Xdata::new();
        xdata.copy_in(self.xdata.0, self.xdata.1);
        xdata
    }
}
