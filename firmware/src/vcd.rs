//! Waveforms as Value Change Dump, IEEE 1364-2001 section 18, as GTKWave opens it.

use board::interrupt::Source;
use board::time::States;
use board::trace::{Event, Signal};
use std::io::{self, Write};

/// Picoseconds in a second: the unit of time in the file, fine enough for any oscillator.
const PICOSECONDS: u128 = 1_000_000_000_000;

/// Oscillator periods in a state.
const CLOCKS_PER_STATE: u128 = 2;

/// A waveform being written.
#[derive(Debug)]
pub struct Vcd<W> {
    to: W,
    /// The oscillator, in Hz.
    clock: u64,
    /// The time written last.
    at: Option<u128>,
    ports: [u8; 4],
    txd: bool,
    rxd: bool,
    overflows: [bool; 3],
}

impl<W: Write> Vcd<W> {
    /// Begins the file: names, and the levels after reset.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn create(mut to: W, clock: u64) -> io::Result<Vcd<W>> {
        writeln!(
            to,
            "$version smart51 $end\n$timescale 1 ps $end\n$scope module chip $end"
        )?;
        for port in 0..4 {
            writeln!(to, "$var wire 8 p{port} P{port} [7:0] $end")?;
        }
        writeln!(to, "$var wire 1 tx TXD $end\n$var wire 1 rx RXD $end")?;
        for source in Source::ALL {
            writeln!(
                to,
                "$var wire 1 i{} {} $end",
                source as u8,
                interrupt(source)
            )?;
        }
        for timer in 0..3 {
            writeln!(to, "$var wire 1 o{timer} TIMER{timer}_OVERFLOW $end")?;
        }
        writeln!(to, "$upscope $end\n$enddefinitions $end\n#0\n$dumpvars")?;
        for port in 0..4 {
            writeln!(to, "b11111111 p{port}")?;
        }
        writeln!(to, "1tx\n1rx")?;
        for source in Source::ALL {
            writeln!(to, "0i{}", source as u8)?;
        }
        writeln!(to, "0o0\n0o1\n0o2\n$end")?;
        Ok(Vcd {
            to,
            clock,
            at: None,
            ports: [0xFF; 4],
            txd: true,
            rxd: true,
            overflows: [false; 3],
        })
    }

    /// Adds events, which come in order of time.
    ///
    /// # Errors
    /// If they can't be written.
    pub fn add(&mut self, events: &[Event]) -> io::Result<()> {
        for event in events {
            let change = match event.signal {
                Signal::Port(port, pins) => {
                    let before = std::mem::replace(&mut self.ports[usize::from(port & 3)], pins);
                    (before != pins).then(|| format!("b{pins:08b} p{port}"))
                }
                Signal::Txd(level) => (std::mem::replace(&mut self.txd, level) != level)
                    .then(|| format!("{}tx", u8::from(level))),
                Signal::Rxd(level) => (std::mem::replace(&mut self.rxd, level) != level)
                    .then(|| format!("{}rx", u8::from(level))),
                Signal::Enter(source) => Some(format!("1i{}", source as u8)),
                Signal::Leave(source) => Some(format!("0i{}", source as u8)),
                Signal::Overflow(timer) => {
                    // every overflow is an edge, whichever way
                    let level = &mut self.overflows[usize::from(timer.min(2))];
                    *level = !*level;
                    Some(format!("{}o{timer}", u8::from(*level)))
                }
            };
            if let Some(change) = change {
                self.time(event.at)?;
                writeln!(self.to, "{change}")?;
            }
        }
        Ok(())
    }

    fn time(&mut self, at: States) -> io::Result<()> {
        let at = u128::from(at.0) * CLOCKS_PER_STATE * PICOSECONDS / u128::from(self.clock.max(1));
        if self.at.replace(at) != Some(at) {
            writeln!(self.to, "#{at}")?;
        }
        Ok(())
    }

    /// Ends the file at `at`.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn finish(mut self, at: States) -> io::Result<W> {
        self.time(at)?;
        self.to.flush()?;
        Ok(self.to)
    }
}

fn interrupt(source: Source) -> String {
    format!("INTERRUPT_{}", source.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times are picoseconds of the oscillator and only changes are written.
    #[test]
    fn times_are_picoseconds_and_only_changes_written() {
        let mut vcd = Vcd::create(Vec::new(), 12_000_000).expect("memory");
        let event = |at, signal| Event {
            at: States(at),
            signal,
        };
        vcd.add(&[
            event(6, Signal::Port(1, 0xFE)),
            event(6, Signal::Txd(false)),
            event(12, Signal::Port(1, 0xFE)),
            event(18, Signal::Overflow(0)),
            event(24, Signal::Overflow(0)),
            event(24, Signal::Enter(Source::Timer0)),
            event(30, Signal::Leave(Source::Timer0)),
        ])
        .expect("memory");
        let text = String::from_utf8(vcd.finish(States(60)).expect("memory")).expect("text");
        let (head, body) = text
            .split_once("$end\n#1000000\n")
            .expect("the first change is after one microsecond");
        assert!(head.contains("$timescale 1 ps $end") && head.contains("$enddefinitions $end"));
        assert_eq!(
            body,
            "b11111110 p1\n0tx\n#3000000\n1o0\n#4000000\n0o0\n1i1\n#5000000\n0i1\n#10000000\n"
        );
    }
}
