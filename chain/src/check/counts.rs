//! The counts of a contract's data keys.

use super::Check;
use hostapi::NodeError;
use state::keys::{self, RegId, kind};
use std::collections::BTreeMap;

/// Numbers of data keys, by contract.
pub(super) type Counts = BTreeMap<RegId, u32>;

/// The contract whose data has `key`, if it is such a key.
pub(super) fn contract_of_data(key: &[u8]) -> Option<RegId> {
    key.strip_prefix(&[kind::DATA])?.first_chunk().copied()
}

impl Check<'_> {
    /// Compares the counts of data keys with the keys there are.
    pub(super) fn counts(&mut self, mut there: Counts) -> Result<(), NodeError> {
        let prefix = [kind::DATA_COUNT];
        let mut after: Option<Vec<u8>> = None;
        while let Some((key, value)) = self.store.next(&prefix, after.as_deref())? {
            if let (Ok(id), Ok(count)) = (RegId::try_from(&key[1..]), value.try_into()) {
                let (there, stated) = (there.remove(&id).unwrap_or(0), u32::from_le_bytes(count));
                self.count(&id, there, stated)?;
            }
            after = Some(key);
        }
        for (id, there) in there {
            self.count(&id, there, 0)?;
        }
        Ok(())
    }

    fn count(&mut self, id: &RegId, there: u32, stated: u32) -> Result<(), NodeError> {
        let key = keys::data_count(id);
        if there != stated {
            let what = format!("it says that the contract has {stated} keys, it has {there}");
            self.problem(&key, what);
        }
        if there > 0 && self.store.get(&keys::contract(id))?.is_none() {
            self.problem(&key, "there are data, and no contract that has them");
        }
        Ok(())
    }
}
