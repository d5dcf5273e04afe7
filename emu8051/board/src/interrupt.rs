//! The interrupt system: request flags, who is served next, and when.
//!
//! After *Interrupts* in Intel's Hardware Description of the 8051 (1994): *Interrupt Enables*,
//! *Interrupt Priorities*, *How Interrupts Are Handled*, *Response Time*.
//!
//! # Time
//!
//! Machine cycle *k* lies between the moments *k* and *k + 1*. An instruction boundary is a moment.
//! A flag set within cycle *k* is sampled at the cycle's S5P2, polled during cycle *k + 1*, and so
//! can be answered at boundary *k + 2* and no earlier. `Flag` holds that boundary, so that
//! nothing has to be polled.

use crate::archive::{Archive, Reader, SnapshotError, archived_fields};
use crate::chips::Chip;
use crate::peripherals::{Effects, Peripheral};
use crate::trace::Trace;
use emu8051::{Cycles, sfr};

macro_rules! sources {
    ($( $(#[$doc:meta])* $source:ident = $name:literal; )*) => {
        /// The source of an interrupt. A [chip](crate::chips::Interrupt) says where its service
        /// routine begins.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Source {
            $( $(#[$doc])* $source, )*
        }

        impl Source {
            /// All of them.
            pub const ALL: [Source; Source::COUNT] = [ $( Source::$source ),* ];
            /// Their number.
            pub const COUNT: usize = [ $( $name ),* ].len();

            /// The name in reports and waveforms.
            pub const fn name(self) -> &'static str {
                match self { $( Source::$source => $name, )* }
            }
        }
    };
}

sources! {
    /// Pin INT0.
    External0 = "INT0";
    /// Overflow of timer 0.
    Timer0 = "T0";
    /// Pin INT1.
    External1 = "INT1";
    /// Overflow of timer 1.
    Timer1 = "T1";
    /// A byte sent or received.
    Serial = "SERIAL";
    /// Overflow of timer 2, or a falling edge of T2EX.
    Timer2 = "T2";
}

/// By its number.
impl Archive for Source {
    fn save(&self, out: &mut Vec<u8>) {
        out.push(*self as u8);
    }

    fn restore(from: &mut Reader<'_>) -> Result<Source, SnapshotError> {
        let number = usize::from(u8::restore(from)?);
        from.check(number < Source::COUNT)?;
        Ok(Source::ALL[number])
    }
}

/// The time the processor takes to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterruptTiming {
    /// The machine cycles that the call of the service routine takes.
    pub call: Cycles,
    /// Whether a flag is sampled in one cycle and polled in the next, or answered at the next
    /// boundary.
    pub sampled: bool,
}

impl InterruptTiming {
    /// Intel's: the `LCALL` takes two cycles, and flags are polled one cycle after they are
    /// sampled.
    pub const INTEL: InterruptTiming = InterruptTiming {
        call: Cycles(2),
        sampled: true,
    };

    /// The simulator `s51`'s: one cycle, at once. For comparisons only.
    pub const S51: InterruptTiming = InterruptTiming {
        call: Cycles(1),
        sampled: false,
    };
}

/// The machine cycles from sampling a flag to polling it: 1, or 0 where it is answered at the next
/// boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PollingDelay(u64);

impl From<InterruptTiming> for PollingDelay {
    fn from(timing: InterruptTiming) -> PollingDelay {
        PollingDelay(timing.sampled.into())
    }
}

impl PollingDelay {
    /// The boundary at which a flag can be answered that will be set at `moment`, where that is
    /// `polls` cycles later if flags are sampled before they are polled.
    #[inline(always)]
    pub(crate) fn recognised_at(self, moment: Cycles, polls: u64) -> Cycles {
        moment + Cycles(polls * self.0)
    }
}

/// A request flag, and the moments at which it was set and can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flag {
    /// The moment at which it was set, then the first boundary at which it can be answered, if
    /// flags are sampled before they are polled; both [`Cycles::MAX`] while it is clear. An array,
    /// as to index is quicker than to choose.
    moments: [Cycles; 2],
}

impl Default for Flag {
    fn default() -> Flag {
        Flag::CLEAR
    }
}

impl Flag {
    /// A flag that is not set.
    pub(crate) const CLEAR: Flag = Flag {
        moments: [Cycles::MAX; 2],
    };

    /// Set by hardware at `at`; the first boundary at which it can be answered is `recognised_at`.
    /// A flag that is set already stays as it is.
    #[inline]
    pub(crate) fn raise(&mut self, at: Cycles, recognised_at: Cycles) {
        if !self.is_set() {
            self.moments = [at, recognised_at];
        }
    }

    /// Written by an instruction at `at`: one more instruction is executed before a flag set so is
    /// answered.
    #[inline]
    pub(crate) fn write(&mut self, value: bool, at: Cycles) {
        if value {
            self.raise(at, at + Cycles(1));
        } else {
            self.clear();
        }
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        *self = Flag::CLEAR;
    }

    /// The value that an instruction reads.
    #[inline]
    pub(crate) fn is_set(&self) -> bool {
        self.moments[0] != Cycles::MAX
    }

    /// The moment at which it was set; [`Cycles::MAX`] if it is not.
    #[inline]
    pub(crate) fn raised(&self) -> Cycles {
        self.moments[0]
    }

    /// The first boundary at which it can be answered; [`Cycles::MAX`] if it is not set.
    #[inline(always)]
    pub(crate) fn recognised_at(&self, delay: PollingDelay) -> Cycles {
        self.moments[(delay.0 & 1) as usize]
    }
}

impl Archive for Flag {
    fn save(&self, out: &mut Vec<u8>) {
        self.moments.save(out);
    }

    fn restore(from: &mut Reader<'_>) -> Result<Flag, SnapshotError> {
        let moments = Archive::restore(from)?;
        let [raised, recognised_at] = moments;
        from.check((raised == Cycles::MAX) == (recognised_at == Cycles::MAX))?;
        Ok(Flag { moments })
    }
}

/// A set of sources: a bit for each row of the chip's interrupts, the first one lowest.
type Sources = u8;

/// The interrupts of a chip, in the form that is quickest to look up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Table {
    /// By source: its bit in a set; 0 if the chip has no such interrupt.
    bit: [Sources; Source::COUNT],
    vector: [u16; Source::COUNT],
    /// By row.
    source: [Source; Source::COUNT],
    enable: [u8; Source::COUNT],
    priority: [u8; Source::COUNT],
}

impl Table {
    fn of(chip: &Chip) -> Table {
        let mut table = Table {
            bit: [0; Source::COUNT],
            vector: [0; Source::COUNT],
            source: Source::ALL,
            enable: [0; Source::COUNT],
            priority: [0; Source::COUNT],
        };
        for (n, row) in chip.interrupts.iter().enumerate() {
            table.bit[row.source as usize] = 1 << n;
            table.vector[row.source as usize] = row.vector;
            table.source[n] = row.source;
            table.enable[n] = row.enable;
            table.priority[n] = row.priority;
        }
        table
    }

    /// The sources whose bit of `masks` is set in `register`.
    fn chosen(masks: &[u8; Source::COUNT], register: u8) -> Sources {
        let chosen = |n: usize| u8::from(register & masks[n] != 0) << n;
        (0..Source::COUNT).fold(0, |set, n| set | chosen(n))
    }
}

/// The interrupt system: IE, IP and the two in-service flip-flops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interrupts {
    table: Table,
    /// IE as written.
    ie: u8,
    /// IP as written.
    ip: u8,
    /// The sources that IE enables, if EA is set.
    enabled: Sources,
    /// The sources that IP gives the high level.
    high: Sources,
    /// The routines under way on the low and on the high level.
    in_service: [Option<Source>; 2],
    /// The instruction before this boundary was a `RETI` or wrote IE or IP: nothing is answered
    /// here.
    pub(crate) blocked: bool,
}

impl Interrupts {
    const EA: u8 = 0x80;

    /// The bit of `source` in a set; 0 if the chip has no such interrupt.
    #[inline(always)]
    pub(crate) fn bit(&self, source: Source) -> Sources {
        self.table.bit[source as usize]
    }

    /// The address that the service routine of `source` begins at.
    #[inline]
    pub(crate) fn vector(&self, source: Source) -> u16 {
        self.table.vector[source as usize]
    }

    /// The source whose service routine begins at `vector`.
    #[inline]
    pub(crate) fn at_vector(&self, vector: u16) -> Option<Source> {
        let at_vector = |source: &Source| self.vector(*source) == vector;
        Source::ALL.into_iter().find(at_vector)
    }

    /// 1 for a source of high priority, 0 for low.
    fn level(&self, source: Source) -> usize {
        usize::from(self.high & self.bit(source) != 0)
    }

    /// IE or IP has changed.
    fn refresh(&mut self) {
        self.enabled = match self.ie & Self::EA {
            0 => 0,
            _ => Table::chosen(&self.table.enable, self.ie),
        };
        self.high = Table::chosen(&self.table.priority, self.ip);
    }

    /// The sources that are enabled and that the routine under way lets in.
    #[inline]
    pub(crate) fn enabled_now(&self) -> Sources {
        match self.in_service {
            [_, Some(_)] => 0,
            // only a higher level interrupts a lower one
            [Some(_), None] => self.enabled & self.high,
            [None, None] => self.enabled,
        }
    }

    /// The source to be served: of those `pending` that are enabled now, the highest level, then
    /// the first in polling order.
    #[inline]
    pub(crate) fn choose(&self, pending: Sources) -> Option<Source> {
        let enabled = pending & self.enabled_now();
        let high = enabled & self.high;
        let first = if high != 0 { high } else { enabled };
        self.table
            .source
            .get(first.trailing_zeros() as usize)
            .copied()
    }

    /// The routine of `source` begins.
    pub(crate) fn enter(&mut self, source: Source) {
        self.in_service[self.level(source)] = Some(source);
    }

    /// `RETI`: the routine of the higher level ends. Returns its source; outside any routine,
    /// `RETI` is a `RET`.
    pub(crate) fn leave(&mut self) -> Option<Source> {
        self.blocked = true;
        let [low, high] = &mut self.in_service;
        high.take().or_else(|| low.take())
    }

    /// The sources of the routines under way, the inner one first.
    pub(crate) fn serving(&self) -> impl Iterator<Item = Source> + use<> {
        let [low, high] = self.in_service;
        [high, low].into_iter().flatten()
    }
}

archived_fields!(Interrupts: ie, ip, in_service, blocked);

impl Peripheral for Interrupts {
    fn after_reset(chip: &Chip) -> Interrupts {
        Interrupts {
            table: Table::of(chip),
            ie: 0,
            ip: 0,
            enabled: 0,
            high: 0,
            in_service: [None; 2],
            blocked: false,
        }
    }

    fn read(&self, register: u8) -> u8 {
        if register == sfr::IE {
            self.ie
        } else {
            self.ip
        }
    }

    fn write(&mut self, register: u8, value: u8, _: Cycles, _: &mut Trace) -> Effects {
        if register == sfr::IE {
            self.ie = value;
        } else {
            self.ip = value;
        }
        self.refresh();
        Effects::ENABLES
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.save_fields(out);
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        self.restore_fields(from)?;
        self.refresh();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The interrupts of an 8052, whose bits in IE and IP are those of a set.
    fn enabled(ie: u8, ip: u8) -> Interrupts {
        let mut interrupts = Interrupts::after_reset(Chip::named("8052").expect("listed"));
        write(&mut interrupts, sfr::IE, ie);
        write(&mut interrupts, sfr::IP, ip);
        interrupts
    }

    fn write(interrupts: &mut Interrupts, register: u8, value: u8) {
        interrupts.write(register, value, Cycles::ZERO, &mut Trace::default());
    }

    fn bit(source: Source) -> u8 {
        1 << source as u8
    }

    #[test]
    fn vectors_are_eight_bytes_apart_from_0x0003() {
        let interrupts = enabled(0, 0);
        let vectors = Source::ALL.map(|source| interrupts.vector(source));
        assert_eq!(vectors, [0x03, 0x0B, 0x13, 0x1B, 0x23, 0x2B]);
        for source in Source::ALL {
            let vector = interrupts.vector(source);
            assert_eq!(interrupts.at_vector(vector), Some(source));
        }
    }

    /// A chip that polls the other way round, with the bits of IE and IP the other way round, too.
    #[test]
    fn polling_order_is_the_order_of_rows() {
        let mut chip = Chip::named("8052").expect("listed").clone();
        chip.interrupts.reverse();
        let mut interrupts = Interrupts::after_reset(&chip);
        write(&mut interrupts, sfr::IE, 0x80 | 0x3F);
        assert_eq!(interrupts.choose(0x3F), Some(Source::Timer2));
        write(&mut interrupts, sfr::IP, 0x01);
        assert_eq!(interrupts.choose(0x3F), Some(Source::External0));
        write(&mut interrupts, sfr::IE, 0x80 | 0x02);
        assert_eq!(interrupts.choose(0x3F), Some(Source::Timer0));
    }

    #[test]
    fn an_8051_has_no_interrupt_of_timer_2() {
        let mut interrupts = Interrupts::after_reset(Chip::named("8051").expect("listed"));
        write(&mut interrupts, sfr::IE, 0xFF);
        assert_eq!(interrupts.bit(Source::Timer2), 0);
        assert_eq!(interrupts.enabled_now(), 0x1F);
    }

    #[test]
    fn each_source_needs_its_own_bit_and_ea() {
        for source in Source::ALL {
            for ie in 0..=0xFF_u8 {
                let expected = ie & 0x80 != 0 && ie & bit(source) != 0;
                assert_eq!(
                    enabled(ie, 0).choose(bit(source)).is_some(),
                    expected,
                    "{source:?} {ie:02X}"
                );
            }
        }
    }

    /// Every set of requests is polled by level then in order.
    #[test]
    fn requests_are_polled_by_level_then_in_order() {
        for ip in 0..0x40_u8 {
            let interrupts = enabled(0xFF, ip);
            for asking in 0..0x40_u8 {
                let first = [asking & ip, asking & !ip]
                    .into_iter()
                    .find(|set| *set != 0);
                let expected = first.map(|set| Source::ALL[set.trailing_zeros() as usize]);
                assert_eq!(interrupts.choose(asking), expected);
            }
        }
    }

    #[test]
    fn only_a_higher_level_interrupts_a_routine() {
        let mut interrupts = enabled(0xFF, bit(Source::Timer1) | bit(Source::Serial));
        interrupts.enter(Source::External0);
        assert!(interrupts.choose(bit(Source::Timer0)).is_none());
        assert!(interrupts.choose(bit(Source::Timer1)).is_some());
        interrupts.enter(Source::Timer1);
        assert!(interrupts.choose(bit(Source::Serial)).is_none());
        assert_eq!(
            interrupts.serving().collect::<Vec<_>>(),
            [Source::Timer1, Source::External0]
        );
    }

    /// ReTI ends the inner routine first and blocks one boundary.
    #[test]
    fn reti_ends_the_inner_routine_and_blocks_a_boundary() {
        let mut interrupts = enabled(0xFF, bit(Source::Timer1));
        interrupts.enter(Source::External0);
        interrupts.enter(Source::Timer1);
        assert_eq!(interrupts.leave(), Some(Source::Timer1));
        assert!(interrupts.blocked);
        assert_eq!(interrupts.leave(), Some(Source::External0));
        assert_eq!(interrupts.leave(), None);
    }

    #[test]
    fn a_routine_keeps_its_level_when_ip_changes_under_it() {
        let mut interrupts = enabled(0xFF, 0);
        interrupts.enter(Source::Timer0);
        write(&mut interrupts, sfr::IP, bit(Source::Timer0));
        assert_eq!(interrupts.leave(), Some(Source::Timer0));
        assert_eq!(interrupts.in_service, [None, None]);
    }

    /// A flag set in a cycle is answerable two boundaries later.
    #[test]
    fn a_flag_is_recognised_two_boundaries_later() {
        let mut flag = Flag::default();
        flag.raise(Cycles(11), Cycles(12)); // cycle 10
        assert_eq!(
            flag.recognised_at(InterruptTiming::INTEL.into()),
            Cycles(12)
        );
        assert_eq!(flag.recognised_at(InterruptTiming::S51.into()), Cycles(11));
        flag.raise(Cycles(20), Cycles(21));
        assert_eq!(
            flag.raised(),
            Cycles(11),
            "a second event does not renew a flag that is set"
        );
        flag.clear();
        assert_eq!(
            flag.recognised_at(InterruptTiming::INTEL.into()),
            Cycles::MAX
        );
    }
}
