//! Hashes, DES and signatures: methods 5 to 7 and 0x0100; and printing, method 9.

use crate::dispatch::{Host, Served};
use crate::failure::Failure;
use crate::host::CallEnd;
use crate::prints::Print;
use crate::signature;
use abi::codec::Args;
use abi::method::Effect;
use des::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use des::{Des, TdesEde2};
use state::keys::Hash;

/// The size of a block of DES in bytes.
const BLOCK: usize = 8;

impl Host<'_, '_> {
    /// A hash of the only argument.
    pub(crate) fn digest(
        &mut self,
        args: &Args<'_>,
        hash: fn(&[u8]) -> Hash,
    ) -> Result<Served, Failure<CallEnd>> {
        let Some([data]) = args.exactly() else {
            return Ok(Served::REFUSED);
        };
        self.answer(&hash(data))
    }

    /// DES or triple DES (K1, K2, K1), block by block, the last one filled up with zeros.
    pub(crate) fn des(&mut self, args: &Args<'_>) -> Result<Served, Failure<CallEnd>> {
        let Some([data, key, flag]) = args.exactly() else {
            return Ok(Served::REFUSED);
        };
        let mut out = data.to_vec();
        out.resize(data.len().next_multiple_of(BLOCK), 0);
        let encrypt = flag[0] == 1;
        if let Ok(des) = Des::new_from_slice(key) {
            self.pay(Effect::cipher(data.len(), false))?;
            transform(&des, &mut out, encrypt);
        } else if let Ok(tdes) = TdesEde2::new_from_slice(key) {
            self.pay(Effect::cipher(data.len(), true))?;
            transform(&tdes, &mut out, encrypt);
        } else {
            return Ok(Served::REFUSED);
        }
        self.reply.item(&out);
        Ok(Served::DONE)
    }

    /// 1 for a good signature; anything else is refused.
    pub(crate) fn verify(&mut self, args: &Args<'_>) -> Result<Served, Failure<CallEnd>> {
        let Some([der, key, hash]) = args.exactly() else {
            return Ok(Served::REFUSED);
        };
        if !signature::verifies(der, key, hash) {
            return Ok(Served::REFUSED);
        }
        self.answer(&[1])
    }

    /// Notes what is printed. Under our own rules it can be an empty line, which the old frames cannot ask for.
    pub(crate) fn print(&mut self, args: &Args<'_>) -> Result<Served, Failure<CallEnd>> {
        let (flag, text) = match *args.items() {
            [flag, text] => (flag, text),
            [flag] if !self.context.semantics.is_dacrs() => (flag, &[][..]),
            _ => return Ok(Served::REFUSED),
        };
        self.keep(text.len())?;
        self.requests.prints.push(Print {
            hex: flag[0] != 0,
            bytes: text.to_vec(),
        });
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
