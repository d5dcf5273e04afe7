//! Trees of calls between contracts on nodes that differ in all that no block may tell.

use crate::call_trees::{CONTRACTS, cases, contracts, node, request_of, runner, spread};
use bridge::{CallObserver, Cpu, Engine, Insn, Mcs51, Observer, Wasmi};
use chain::{Chain, Receipt};
use proptest::prelude::*;
use state::MemStore;
use std::cell::RefCell;
use std::ops::ControlFlow;

/// Notes each instruction, and wants to know of everything.
#[derive(Default)]
struct Everything(u64);

impl Observer for Everything {
    fn before(&mut self, _: &Cpu, _: &Insn) -> ControlFlow<()> {
        self.0 += 1;
        ControlFlow::Continue(())
    }
}

impl CallObserver for Everything {}

/// A block does not tell whether modules were kept, who watched, or which of the engines ran.
#[test]
fn random_call_trees_are_the_same_on_all_nodes() {
    let (chain, ids) = contracts();
    let mut file = Vec::new();
    chain::export::export(chain.store(), &mut file).unwrap();
    let open = |engines: Option<Vec<Box<dyn Engine>>>| {
        let store = MemStore::new();
        chain::export::import(&store, &file[..]).unwrap();
        let chain = Chain::existing(Box::new(store)).unwrap();
        match engines {
            Some(engines) => chain.with_engines(engines),
            None => chain,
        }
    };
    let pausing: [Box<dyn Engine>; 2] = [Box::new(Mcs51::new()), Box::new(Wasmi::pausing())];
    let usual = RefCell::new(open(None));
    let watched = RefCell::new(open(Some(pausing.into())));
    let reopened = RefCell::new(Some(open(None)));
    let tree = node().prop_filter("an input is bounded", |node| {
        node.to < CONTRACTS.len() && node.fits(&[[0; 6]; CONTRACTS.len() + 1])
    });
    let strategy = (tree, 10_000u64..400_000, any::<u64>());
    runner(cases())
        .run(&strategy, |(mut tree, limit, seed)| {
            (tree.is_static, tree.value) = (false, 0);
            spread(&mut tree, limit, &mut { seed });
            let input = tree.script(&ids);
            let request = request_of(ids[tree.to], &input, 3, limit);
            // Its modules are prepared anew.
            let store = reopened.take().unwrap().into_store();
            reopened.replace(Some(Chain::existing(store).unwrap()));
            let made = |chain: &Chain, observer: &mut dyn CallObserver, keep: bool| {
                let mut block = chain.begin_block().unwrap();
                if keep {
                    block.keep_host_calls(1 << 20);
                }
                let receipt = block.call(&request, observer).map(Receipt::encode).ok();
                block.commit().unwrap();
                (receipt, chain.head().unwrap())
            };
            let one = made(&usual.borrow(), &mut (), false);
            let two = made(&watched.borrow(), &mut Everything::default(), true);
            let three = made(reopened.borrow().as_ref().unwrap(), &mut (), false);
            prop_assert_eq!(&one, &two);
            prop_assert_eq!(&one, &three);
            Ok(())
        })
        .unwrap();
    let store = usual.borrow();
    let checked = chain::check::check(store.store()).unwrap();
    assert_eq!(checked.problems, [], "{checked:?}");
}
