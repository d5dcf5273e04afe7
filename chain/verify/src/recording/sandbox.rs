//! The small chain that a call runs on when nobody describes another.

use super::format::{AccountRow, BlockTime, Context, Hex, Tx};
use hostapi::accounts;
use hostapi::hash::{double_sha256, key_hash};
use hostapi::network::Network;

/// The sender's public key: the base point of secp256k1, so its secret key is 1.
const SENDER_KEY: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
/// What the sender holds: a million coins.
const SENDER_BALANCE: u64 = 100_000_000_000_000;
/// What the contract holds: ten coins.
const CONTRACT_BALANCE: u64 = 1_000_000_000;

impl Default for Context {
    /// Height 100, the contract 1-1 with ten coins, and a sender 0-1 with a million.
    fn default() -> Self {
        let tx = Tx::default();
        let public_key = hex::decode(SENDER_KEY).expect("a constant in hex");
        let sender = account(
            &tx.src_regid,
            public_key.clone(),
            key_hash(&public_key),
            SENDER_BALANCE,
        );
        let key_id = key_hash(&tx.dest_script_id.0);
        let contract = account(&tx.dest_script_id, Vec::new(), key_id, CONTRACT_BALANCE);
        Context {
            network: "testnet".into(),
            height: 100,
            chain_tip: 99,
            block_time: BlockTime::default(),
            db_traversal_enabled: true,
            tx,
            fuel_rate: 1,
            max_steps: hostapi::fees::MAX_STEPS,
            check_account_flag: None,
            accounts: vec![sender, contract],
            initial_db: Vec::new(),
            initial_app_accounts: Vec::new(),
            known_txs: Vec::new(),
            other_contracts: Vec::new(),
            time: None,
            tip_time: None,
            state: Vec::new(),
            codes: Vec::new(),
            block_hashes: Default::default(),
            gas_limit: None,
            gas_price: None,
            cycle_limit: None,
            step_limit: None,
        }
    }
}

impl Default for Tx {
    /// The sender 0-1 calls the contract 1-1 at height 100 and offers a fee for twelve million steps.
    fn default() -> Self {
        Tx {
            src_regid: accounts::regid(0, 1).into(),
            dest_script_id: accounts::regid(1, 1).into(),
            valid_height: 100,
            fee: 10_010_000,
            pay_amount: 0,
            hash: double_sha256(b"sandbox").into(),
        }
    }
}

fn account(regid: &Hex, public_key: Vec<u8>, key_id: [u8; 20], balance: u64) -> AccountRow {
    let address = Network::Test.address(&key_id);
    AccountRow {
        regid: regid.clone(),
        pubkey: public_key.into(),
        keyid: key_id.into(),
        address,
        balance,
    }
}
