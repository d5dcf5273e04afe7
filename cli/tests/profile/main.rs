//! Where a call spends, as `smart51 run` tells it.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/page.rs"]
mod page;
mod trees;

use common::Dir;

/// A module that counts down and then traps, or ends if it was given input.
const DEEP: &str = include_str!("../cases/deep.wat");

/// docs/profile.md shows what its commands print.
#[test]
fn the_page_on_profiles_holds() {
    let dir = Dir::new();
    dir.write("sums.c", include_str!("../cases/sums.c"));
    dir.write("deep.wat", DEEP);
    assert!(page::holds("profile.md", &dir) > 3);
}
