//! The values of names in `KIND:VALUE` on a chain.

use super::bytes::{NameKind, Resolve};
use super::report::StepContext;
use chain::chain::Chain;
use chain::registry::Contract;
use hostapi::accounts::{self, Account};
use state::keys::Hash;

impl StepContext<'_> {
    fn transaction(&self, number: &str) -> Option<Hash> {
        self.transactions.get(&number.parse().ok()?).copied()
    }
}

impl Resolve for StepContext<'_> {
    fn bytes(&self, kind: NameKind, name: &str) -> Option<Vec<u8>> {
        match kind {
            NameKind::TxHash => self.transaction(name).map(Into::into),
            _ => self.chain.bytes(kind, name),
        }
    }
}

/// Names are what [`Chain::resolve`] takes, and a transaction is named by the first hex digits of its id.
impl Resolve for Chain {
    fn bytes(&self, kind: NameKind, name: &str) -> Option<Vec<u8>> {
        if kind == NameKind::TxHash {
            let digits = hex::decode(name).ok()?;
            return match self.ids_with_prefix(&digits).ok()?[..] {
                [id] => Some(id.into()),
                _ => None,
            };
        }
        let id = self.resolve(name).ok()?;
        let mut state = self.state();
        let key_id = accounts::key_id_of(&mut state, &id).ok()??;
        match kind {
            NameKind::RegId => Some(id.into()),
            NameKind::KeyId => Some(key_id.into()),
            NameKind::Address => Some(self.genesis().network.address(&key_id).into()),
            NameKind::PublicKey => {
                let account = Account::load(&mut state, &key_id).ok()??;
                account.public_key.map(Into::into)
            }
            NameKind::CodeHash => {
                let contract = Contract::load(&mut state, &id).ok()??;
                Some(contract.code_hash.into())
            }
            NameKind::TxHash => None,
        }
    }
}
