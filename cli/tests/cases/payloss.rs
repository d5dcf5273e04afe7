//! payloss.c in Rust: pays 1 to the sender as often as the input says, with one call of `output`.

#![no_std]

use smart51_sdk::{contract, give, input, output, print, script_id, take, tx_sender};

contract!(pay_out);

fn pay_out() {
    let mut n = [1];
    input(&mut n);
    let (who, me) = (tx_sender(), script_id());
    let mut records = [[0; 48]; 100];
    for pair in records.chunks_mut(2).take(n[0].into()) {
        pair[0] = give(&who, 1);
        pair[1] = take(&me, 1);
    }
    output(&records[..2 * usize::from(n[0])]);
    print(false, b"paid out");
}
