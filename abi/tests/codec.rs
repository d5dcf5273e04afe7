//! Frames: the exact limits, and that no bytes whatever upset the reader.

use abi::Semantics;
use abi::codec::{self, Args, FrameError};
use abi::layout::COMMUNICATE_SIZE;
use proptest::prelude::*;

/// A window of the buffer's size, and the byte after it, that begins with these bytes.
fn window(start: &[u8]) -> Vec<u8> {
    let mut window = vec![0; COMMUNICATE_SIZE + 1];
    window[..start.len()].copy_from_slice(start);
    window
}

/// What reading a window that begins with these bytes says, and how many items it finds.
fn read(start: &[u8]) -> Result<usize, FrameError> {
    Args::read(&window(start)).map(|args| args.len())
}

#[test]
fn the_longest_frame_has_a_total_of_4095() {
    let largest = codec::request(&[&[7; 4093]]);
    assert_eq!(read(&largest), Ok(1));
    assert_eq!(
        read(&[0x00, 0x10]),
        Err(FrameError::TotalTooLarge { total: 4096 })
    );
    assert_eq!(
        read(&[0xFF, 0xFF]),
        Err(FrameError::TotalTooLarge { total: 0xFFFF })
    );
}

#[test]
fn a_frame_must_not_reach_beyond_the_bytes_given() {
    let frame = codec::request(&[b"abc", b"de"]);
    for cut in 0..frame.len() {
        assert!(Args::read(&frame[..cut]).is_err(), "{cut} bytes");
    }
    assert!(Args::read(&frame).is_ok());
}

#[test]
fn lengths_that_lie_are_refused_with_their_place() {
    assert_eq!(read(&[0, 0]), Err(FrameError::Empty));
    assert_eq!(
        read(&[2, 0, 0, 0]),
        Err(FrameError::EmptyItem { offset: 2 })
    );
    assert_eq!(
        read(&[5, 0, 1, 0, 9, 0, 0]),
        Err(FrameError::EmptyItem { offset: 5 })
    );
    assert_eq!(
        read(&[3, 0, 2, 0, 9]),
        Err(FrameError::ItemTooLong {
            offset: 2,
            length: 2,
            left: 1
        })
    );
    assert_eq!(
        read(&[4, 0, 1, 0, 9, 1]),
        Err(FrameError::ItemTooLong {
            offset: 5,
            length: 0,
            left: 0
        })
    );
}

#[test]
fn items_beyond_those_any_method_takes_are_counted() {
    let items = [&b"x"[..]; 9];
    let frame = codec::request(&items);
    let args = Args::read(&frame).expect("a sound frame");
    assert_eq!((args.len(), args.items().len()), (9, 4));
}

/// Under our rules the longest pair that a request brings, key and value of 4,091 bytes together, can be answered.
#[test]
fn a_reply_fills_the_buffer_under_our_rules() {
    for old in [Semantics::Dacrs2014, Semantics::Dacrs2017] {
        assert!(codec::reply_fits(old, 2 + 4091));
        assert!(!codec::reply_fits(old, 2 + 4092));
    }
    assert!(codec::reply_fits(Semantics::V1, 2 + 2 + 4091));
    assert!(codec::reply_fits(Semantics::V1, 2 + 4094));
    assert!(!codec::reply_fits(Semantics::V1, 2 + 4095));
}

proptest! {
    #[test]
    fn a_request_reads_back_as_it_was_written(
        items in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..200), 1..=4),
    ) {
        let borrowed: Vec<&[u8]> = items.iter().map(Vec::as_slice).collect();
        let frame = codec::request(&borrowed);
        let args = Args::read(&frame).expect("a sound frame");
        prop_assert_eq!(args.items(), borrowed.as_slice());
    }

    #[test]
    fn a_reply_reads_back_as_it_was_written(
        items in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..8),
    ) {
        let mut reply = Vec::new();
        for item in &items {
            codec::push_item(&mut reply, item);
        }
        let read: Vec<&[u8]> = codec::reply_items(&reply).collect();
        prop_assert_eq!(read, items.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }

    #[test]
    fn any_bytes_are_a_frame_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..4200)) {
        if let Ok(args) = Args::read(&bytes) {
            let claimed: usize = args.items().iter().map(|item| 2 + item.len()).sum();
            prop_assert!(claimed + 2 <= bytes.len());
        }
    }

    /// Small numbers, so that most frames are nearly right.
    #[test]
    fn nearly_right_bytes_are_a_frame_or_an_error(bytes in prop::collection::vec(0u8..6, 2..40)) {
        if let Ok(args) = Args::read(&bytes) {
            prop_assert!(args.items().iter().all(|item| !item.is_empty()));
        }
    }
}
