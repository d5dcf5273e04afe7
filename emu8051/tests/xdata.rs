//! XDATA against a plain array: whatever is written, cleared, saved and restored.

use emu8051::{Xdata, XdataSnapshot};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Act {
    Write(u16, u8),
    CopyIn(u16, Vec<u8>),
    Zero(u16, u16),
    Clear,
    Snapshot,
    Restore,
    /// A copy of the second but last snapshot.
    RestoreOther,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        8 => (any::<u16>(), any::<u8>()).prop_map(|(at, value)| Act::Write(at, value)),
        4 => (0_u16..0x300, any::<u8>()).prop_map(|(at, value)| Act::Write(at, value)),
        2 => (any::<u16>(), prop::collection::vec(any::<u8>(), 0..600)).prop_map(|(at, bytes)| Act::CopyIn(at, bytes)),
        1 => (any::<u16>(), any::<u16>()).prop_map(|(begin, end)| Act::Zero(begin, end)),
        1 => Just(Act::Clear),
        2 => Just(Act::Snapshot),
        2 => Just(Act::Restore),
        3 => Just(Act::RestoreOther),
    ];
    prop::collection::vec(act, 0..60)
}

proptest! {
    #[test]
    fn xdata_holds_what_a_plain_array_would(acts in acts()) {
        let (mut xdata, mut model) = (Xdata::new(), vec![0_u8; 65536]);
        let (mut snapshot, mut saved) = (XdataSnapshot::default(), model.clone());
        xdata.snapshot(&mut snapshot);
        let mut other = (snapshot.clone(), saved.clone());
        for act in acts {
            match act {
                Act::Write(at, value) => {
                    xdata.write(at, value);
                    model[at as usize] = value;
                }
                Act::CopyIn(at, bytes) => {
                    xdata.copy_in(at, &bytes);
                    for (offset, byte) in bytes.iter().enumerate() {
                        model[(at as usize + offset) % 65536] = *byte;
                    }
                }
                Act::Zero(begin, end) => {
                    let range = begin as usize..end as usize;
                    if begin < end && !xdata.is_written(range.clone()) {
                        prop_assert!(model[range.clone()].iter().all(|byte| *byte == 0));
                    }
                    xdata.zero(range);
                    model[begin.min(end) as usize..end as usize].fill(0);
                }
                Act::Clear => {
                    xdata.clear_dirty();
                    model.fill(0);
                }
                Act::Snapshot => {
                    other = (snapshot.clone(), saved.clone());
                    xdata.snapshot(&mut snapshot);
                    saved.clone_from(&model);
                }
                Act::Restore => {
                    xdata.restore(&snapshot);
                    model.clone_from(&saved);
                }
                Act::RestoreOther => {
                    xdata.restore(&other.0);
                    model.clone_from(&other.1);
                }
            }
            prop_assert!(xdata.bytes()[..] == model[..]);
        }
    }

    #[test]
    fn a_snapshot_restores_any_other_ram(ours: Vec<(u16, u8)>, theirs: Vec<(u16, u8)>) {
        let (mut from, mut to, mut snapshot) = (Xdata::new(), Xdata::new(), XdataSnapshot::default());
        ours.iter().for_each(|(at, value)| from.write(*at, *value));
        theirs.iter().for_each(|(at, value)| to.write(*at, *value));
        from.snapshot(&mut snapshot);
        to.restore(&snapshot);
        prop_assert!(from == to);
    }
}

#[test]
fn a_page_is_written_once_a_byte_of_it_is() {
    let mut xdata = Xdata::new();
    assert!(!xdata.is_written(0..0x10000));
    xdata.write(0xF1FF, 0);
    assert!(xdata.is_written(0xF100..0xF101), "the same page");
    assert!(xdata.is_written(0xF000..0x10000), "a page within");
    assert!(!xdata.is_written(0xF000..0xF100), "the page before");
    assert!(!xdata.is_written(0xF200..0x10000), "the pages behind");
    assert!(!xdata.is_written(0xF100..0x10001), "beyond the end");
    xdata.clear_dirty();
    assert!(!xdata.is_written(0..0x10000));
}
