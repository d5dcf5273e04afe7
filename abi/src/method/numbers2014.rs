//! The numbers of the 2014 SDK. No image carries a mark of it; a caller must know.

use super::table::row_of_2014;
use super::{
    BLOCK_HASH, DB_DELETE, DB_MODIFY, DB_NEXT, DB_READ, DB_SIZE, DB_WRITE, HEIGHT, INPUT,
    MethodSpec, OUTPUT, SCRIPT_DATA, SCRIPT_ID, TX_HASH, TX_SENDER,
};

/// The row that `id` meant in 2014.
pub(super) fn spec(id: u16) -> Option<&'static MethodSpec> {
    let today = match id {
        0..=14 => id,
        16 => BLOCK_HASH,
        19 => HEIGHT,
        20 => DB_WRITE,
        21 => DB_DELETE,
        22 => DB_READ,
        24 => DB_SIZE,
        25 => DB_NEXT,
        26 => TX_HASH,
        29 => DB_MODIFY,
        30 => OUTPUT,
        31 => SCRIPT_DATA,
        32 => SCRIPT_ID,
        33 => TX_SENDER,
        34 => INPUT,
        _ => return None,
    };
    let spec = super::spec(today)?;
    Some(row_of_2014(spec.method).unwrap_or(spec))
}

#[cfg(test)]
mod tests {
    use crate::method::{DB_WRITE, METHODS, OUTPUT, from_2014};

    #[test]
    fn numbers_below_15_did_not_change() {
        for id in 0..15 {
            assert_eq!(from_2014(id).map(|s| s.id), Some(id));
        }
    }

    #[test]
    fn methods_gone_by_2017_have_no_row() {
        for id in (0..=u16::MAX).filter(|id| [15, 17, 18, 23, 27, 28].contains(id) || *id > 34) {
            assert_eq!(from_2014(id), None, "{id}");
        }
    }

    #[test]
    fn writing_and_moving_money_took_other_arguments() {
        let write = from_2014(20).expect("a method of 2014");
        assert_eq!((write.id, write.args.len()), (DB_WRITE, 3));
        let output = from_2014(30).expect("a method of 2014");
        assert_eq!(output.id, OUTPUT);
        assert_ne!(output.args, METHODS[usize::from(OUTPUT)].args);
    }
}
