//! What being a transaction costs, and what is refused before anything is done for it.

use crate::common::*;
use abi::Schedule;
use abi::layout::INPUT_MAX;
use abi::{Gas, Semantics};
use bridge::{Engine, EngineId, Mcs51, Module, PrepareError, Rules};
use chain::session::{Payment, Rejection};
use chain::{CallRequest, Chain, ChainError, ContractFlags, Deploy, Genesis, OpenBlock, Receipt};
use loader::Image;
use state::MemStore;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The 8051 engine, which counts how often it prepares an image.
#[derive(Debug, Default)]
struct Counting {
    engine: Mcs51,
    prepared: Arc<AtomicUsize>,
}

impl Engine for Counting {
    fn id(&self) -> EngineId {
        self.engine.id()
    }

    fn prepare(&self, image: &Image, rules: &Rules) -> Result<Arc<dyn Module>, PrepareError> {
        self.prepared.fetch_add(1, Ordering::Relaxed);
        self.engine.prepare(image, rules)
    }
}

/// A chain set up as usual, whose engine counts from now on and has nothing prepared.
fn counting() -> (Chain, Arc<MemStore>, Arc<AtomicUsize>) {
    let (_, store) = in_memory();
    let (chain, prepared) = counting_on(&store);
    (chain, store, prepared)
}

/// The chain in `store`, likewise.
fn counting_on(store: &Arc<MemStore>) -> (Chain, Arc<AtomicUsize>) {
    let engine = Counting::default();
    let prepared = Arc::clone(&engine.prepared);
    let chain = Chain::open(Box::new(Arc::clone(store)), Genesis::default()).unwrap();
    (chain.with_engines(vec![Box::new(engine)]), prepared)
}

fn request(input: &[u8], limit: u64) -> CallRequest<'_> {
    CallRequest {
        sender: PARTIES.alice,
        contract: PARTIES.token,
        input,
        value: 0,
        payment: Payment::Gas {
            limit: Gas(limit),
            price: 1,
        },
    }
}

fn made(block: &mut OpenBlock<'_>, request: &CallRequest<'_>) -> Receipt {
    block.call(request, &mut ()).unwrap().clone()
}

/// Each transaction costs its price whatever comes of it.
#[test]
fn each_transaction_costs_its_price_however_it_ends() {
    let (chain, _) = in_memory();
    let price = |input: &[u8], value| Schedule::DATA_SHEET.call_gas(input.len(), value).0;
    let mut block = chain.begin_block().unwrap();
    let account = block.new_account("carol", 5).unwrap().clone();
    assert_eq!(account.gas_charged(), Schedule::DATA_SHEET.account_gas(5).0);
    assert_eq!(account.fee, 0, "its money comes from nowhere");
    let token = Mcs51::new().prepare(&token_image(), &Rules::v1(Semantics::V1));
    let entry = token.unwrap().entry_gas().0;
    let longest = vec![0xFF; INPUT_MAX];
    for input in [&b""[..], b"\xFF", &longest] {
        for value in [0, 7] {
            let request = CallRequest {
                value,
                ..request(input, 1_000_000)
            };
            let receipt = made(&mut block, &request);
            assert!(!receipt.verdict.is_success(), "the token refuses it");
            let run = receipt.gas - price(input, value) - entry;
            assert_eq!(receipt.run().unwrap().gas, entry + run);
            assert!((1..3000).contains(&run), "{run} gas of the run");
            assert_eq!(receipt.fee, receipt.gas);
        }
    }
    // What a limit has no room for beyond being a transaction and entering is a run without gas.
    let input = input(TRANSFER, PARTIES.bob, 1);
    let before = price(&input, 0) + entry;
    let receipt = made(&mut block, &request(&input, before));
    assert_eq!(receipt.verdict.fault(), Some("out_of_gas"));
    assert_eq!((receipt.gas, receipt.fee), (before, before));
}

#[test]
fn what_is_refused_is_neither_prepared_nor_kept() {
    let (chain, store) = in_memory();
    let most = hostapi::network::Network::Test.max_amount();
    let mut block = chain.begin_block().unwrap();
    let rich = block.new_account("rich", most).unwrap().target;
    let mint = input(MINT, PARTIES.alice, 1);
    let holds = CallRequest {
        value: 3_000_000,
        ..request(&mint, 1_000_000)
    };
    let held = made(&mut block, &holds);
    assert!(held.verdict.is_success(), "{held}");
    block.commit().unwrap();
    let (chain, prepared) = counting_on(&store);
    let before = export(&*store);
    let mut block = chain.begin_block().unwrap();
    let too_long = vec![0; INPUT_MAX + 1];
    let refused = |block: &mut OpenBlock<'_>, request: &CallRequest<'_>| match block
        .call(request, &mut ())
        .unwrap_err()
    {
        ChainError::Rejected(rejection) => rejection,
        error => panic!("{error}"),
    };
    let input = input(TRANSFER, PARTIES.bob, 1);
    let call_gas = Schedule::DATA_SHEET.call_gas(input.len(), 0);
    let entry = chain.contract("token").unwrap().1.entry_gas;
    assert!(entry.0 > 500, "{entry}");
    let least = Gas(call_gas.0 + entry.0);
    for limit in [0, 1, call_gas.0, least.0 - 1] {
        assert_eq!(
            refused(&mut block, &request(&input, limit)),
            Rejection::GasTooLow {
                limit: Gas(limit),
                needed: least
            }
        );
    }
    let with_value = CallRequest {
        value: 1,
        ..request(&input, least.0)
    };
    assert!(matches!(
        refused(&mut block, &with_value),
        Rejection::GasTooLow { .. }
    ));
    for payment in [
        request(&[], 1_000_000).payment,
        Payment::Fuel {
            fee: 1_000_000,
            rate: 1,
        },
    ] {
        let request = CallRequest {
            payment,
            ..request(&too_long, 0)
        };
        let length = INPUT_MAX + 1;
        assert_eq!(
            refused(&mut block, &request),
            Rejection::InputTooLong { length }
        );
    }
    let poor = CallRequest {
        sender: PARTIES.bob,
        ..request(&input, 1_000_000_001)
    };
    assert!(matches!(
        refused(&mut block, &poor),
        Rejection::InsufficientBalance { .. }
    ));
    let nobody = CallRequest {
        sender: [9; 6],
        ..request(&input, 1_000_000)
    };
    assert_eq!(refused(&mut block, &nobody), Rejection::UnknownSender);
    let too_much = CallRequest {
        sender: rich,
        value: most - 2_000_000,
        ..request(&input, 1_000_000)
    };
    assert!(matches!(
        refused(&mut block, &too_much),
        Rejection::BalanceOverflow { .. }
    ));
    assert_eq!(prepared.load(Ordering::Relaxed), 0);
    assert!(block.receipts().is_empty() && block.writes().is_empty());
    drop(block);
    assert_eq!(export(&*store), before);
    transfer(&chain, 1).unwrap();
    assert_eq!(prepared.load(Ordering::Relaxed), 1, "the count counts");
}

#[test]
fn a_deployment_is_paid_before_it_is_prepared() {
    let (chain, store, prepared) = counting();
    let image = token_image();
    let deploy = |sender, image| Deploy {
        sender,
        image,
        semantics: Semantics::V1,
        name: Some("again"),
        flags: ContractFlags::empty(),
        init: None,
        abi: None,
    };
    let cost = Schedule::DATA_SHEET.deploy_gas(image.code_bytes(), 5).0;
    let mut block = chain.begin_block().unwrap();
    let poor = block.new_account("poor", cost - 1).unwrap().target;
    let rich = block.new_account("rich", cost).unwrap().target;
    block.commit().unwrap();
    let before = export(&*store);
    let mut block = chain.begin_block().unwrap();
    for sender in [poor, [9; 6]] {
        let error = block.deploy(&deploy(sender, &image)).unwrap_err();
        assert!(matches!(error, ChainError::Rejected(_)), "{error}");
    }
    assert_eq!(prepared.load(Ordering::Relaxed), 0);
    drop(block);
    assert_eq!(export(&*store), before);
    let mut block = chain.begin_block().unwrap();
    let receipt = block.deploy(&deploy(rich, &image)).unwrap().clone();
    block.commit().unwrap();
    assert_eq!(
        (receipt.gas, receipt.fee, balance(&chain, rich)),
        (cost, cost, 0)
    );
}

#[test]
fn an_image_that_cannot_run_is_paid_and_not_deployed() {
    let (chain, _) = in_memory();
    let names = chain.names().unwrap();
    for broken in [
        Image::bin(&[0x02, 0x00, 0x20]).unwrap(),
        Image::wasm(b"\0asm\x01\0\0\0".to_vec()),
    ] {
        let before = balance(&chain, PARTIES.alice);
        let deploy = Deploy {
            sender: PARTIES.alice,
            image: &broken,
            semantics: Semantics::V1,
            name: Some("broken"),
            flags: ContractFlags::empty(),
            init: None,
            abi: None,
        };
        let mut block = chain.begin_block().unwrap();
        let receipt = block.deploy(&deploy).unwrap().clone();
        block.commit().unwrap();
        let cost = Schedule::DATA_SHEET.deploy_gas(broken.code_bytes(), 6).0;
        assert_eq!((receipt.gas_charged(), receipt.fee), (cost, cost));
        assert_eq!(balance(&chain, PARTIES.alice), before - cost);
        let reason = receipt.refusal().expect("it cannot be run");
        assert!(receipt.to_string().contains(reason), "{receipt}");
        assert!(matches!(
            receipt.deployed(),
            Err(ChainError::NotDeployed { .. })
        ));
        assert_eq!(chain.names().unwrap(), names);
        let key = state::keys::code(&broken.code_hash());
        assert_eq!(chain.store().get(&key).unwrap(), None, "nothing is kept");
        assert_eq!(chain.receipt(&receipt.id).unwrap(), receipt);
        assert_eq!(chain.check().unwrap().problems, []);
    }
}

#[test]
fn a_block_keeps_nothing_of_what_it_refuses() {
    let (chain, _) = in_memory();
    let mut block = chain.begin_block().unwrap();
    for number in 0..100_000u32 {
        let [a, b, c, d] = number.to_le_bytes();
        let nobody = CallRequest {
            sender: [a, b, c, d, 9, 9],
            ..request(&[], 1_000_000)
        };
        assert!(block.call(&nobody, &mut ()).is_err());
    }
    let kept = block.state().reads_size();
    assert!(kept < 5 << 20, "{kept} bytes");
    call(&mut block, PARTIES.alice, &input(TRANSFER, PARTIES.bob, 1)).unwrap();
    block.commit().unwrap();
    assert_eq!(chain.check().unwrap().problems, []);
}
