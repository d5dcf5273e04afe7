//! DES and signatures: methods 6 and 7; and printing, method 9.

use crate::accounts::PublicKey;
use crate::dispatch::{Host, Served};
use crate::failure::Failure;
use crate::host::CallEnd;
use crate::prints::Print;
use crate::signature;
use abi::method::DesKey;
use des::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use des::{Des, TdesEde2};
use state::keys::Hash;

/// The size of a block of DES in bytes.
const BLOCK: usize = 8;

impl Host<'_, '_> {
    /// DES or triple DES (K1, K2, K1), block by block, the last one filled up with zeros.
    pub(crate) fn des(
        &mut self,
        data: &[u8],
        key: DesKey<'_>,
        encrypt: bool,
    ) -> Result<Served, Failure<CallEnd>> {
        let mut out = data.to_vec();
        out.resize(data.len().next_multiple_of(BLOCK), 0);
        let triple = matches!(key, DesKey::Triple(_));
        self.pay(self.schedule.effects.cipher(data.len(), triple))?;
        match key {
            DesKey::Single(key) => transform(&Des::new(key.into()), &mut out, encrypt),
            DesKey::Triple(key) => transform(&TdesEde2::new(key.into()), &mut out, encrypt),
        }
        self.reply.item(&out);
        Ok(Served::DONE)
    }

    /// 1 for a good signature; anything else is refused.
    pub(crate) fn verify(
        &mut self,
        signature: &[u8],
        public_key: &PublicKey,
        hash: &Hash,
    ) -> Result<Served, Failure<CallEnd>> {
        if !signature::verifies(signature, public_key, hash) {
            return Ok(Served::REFUSED);
        }
        self.answer(&[1])
    }

    /// Notes what is printed. Under our own rules it can be an empty line, which the old frames cannot ask for.
    pub(crate) fn print(
        &mut self,
        hex: bool,
        text: Option<&[u8]>,
    ) -> Result<Served, Failure<CallEnd>> {
        if text.is_none() && self.context.semantics.is_dacrs() {
            return Ok(Served::REFUSED);
        }
        let bytes = text.unwrap_or_default().to_vec();
        self.keep(bytes.len())?;
        self.requests.prints.push(Print { hex, bytes });
        Ok(Served::DONE)
    }
}

fn transform(
    cipher: &(impl BlockCipherEncrypt + BlockCipherDecrypt),
    blocks: &mut [u8],
    encrypt: bool,
) {
    for block in blocks.chunks_exact_mut(BLOCK) {
        let Ok(block) = block.try_into() else {
            continue;
        };
        if encrypt {
            cipher.encrypt_block(block)
        } else {
            cipher.decrypt_block(block)
        }
    }
}
