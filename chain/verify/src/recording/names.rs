//! What names in `KIND:VALUE` stand for in a call without a chain.

use super::execute::network;
use super::format::{AccountRow, Context};
use crate::scenario::bytes::{NameKind, Resolve};
use chain::names::parse_regid;

/// `sender`, `contract`, and the registered ids of the accounts around the call.
impl Resolve for Context {
    fn bytes(&self, kind: NameKind, name: &str) -> Option<Vec<u8>> {
        let regid = match name {
            "sender" => self.tx.src_regid.0.clone(),
            "contract" => self.tx.dest_script_id.0.clone(),
            _ => parse_regid(name)?.into(),
        };
        // The ids of both are in the transaction; of accounts a recording has only those that the call has read.
        let is_party = matches!(name, "sender" | "contract") && !regid.is_empty();
        if is_party && kind == NameKind::RegId {
            return Some(regid);
        }
        let row = self.accounts.iter().find(|row| row.regid.0 == regid)?;
        let AccountRow { pubkey, keyid, .. } = row;
        match kind {
            NameKind::RegId => Some(regid),
            NameKind::KeyId => Some(keyid.0.clone()),
            NameKind::PublicKey => (!pubkey.0.is_empty()).then(|| pubkey.0.clone()),
            NameKind::Address => {
                let key_id = keyid.0[..].try_into().ok()?;
                Some(network(self).ok()?.address(&key_id).into())
            }
            NameKind::CodeHash | NameKind::TxHash => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sender_and_contract_need_no_account() {
        let mut context = Context::default();
        context.accounts.clear();
        let (sender, contract) = (&context.tx.src_regid.0, &context.tx.dest_script_id.0);
        for (name, is) in [("sender", sender), ("contract", contract)] {
            assert_eq!(context.bytes(NameKind::RegId, name).as_ref(), Some(is));
            assert_eq!(context.bytes(NameKind::KeyId, name), None);
        }
        assert_eq!(context.bytes(NameKind::RegId, "7-7"), None);
    }
}
