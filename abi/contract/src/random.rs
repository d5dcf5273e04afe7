//! Random values of a contract's types, from a seed.

use crate::codec::Codec;
use crate::error::{Error, Problem, quote};
use crate::graph::{Id, Node, View};
use crate::scalar::Scalar;
use crate::wire::Reader;
use serde_json::{Map, Value};

/// The most elements of a random list, and letters of a random text.
const LENGTH_MAX: u64 = 40;

/// Numbers from a seed, the same on every machine: splitmix64, as Steele, Lea and Flood describe it ("Fast splittable
/// pseudorandom number generators", OOPSLA 2014).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 where that is 0.
    pub const fn below(&mut self, end: u64) -> u64 {
        match end {
            0 => 0,
            end => self.next() % end,
        }
    }

    /// One of these; `None` of none.
    pub fn pick<'t, T>(&mut self, from: &'t [T]) -> Option<&'t T> {
        let at = self.below(from.len() as u64);
        from.get(usize::try_from(at).ok()?)
    }
}

impl Codec {
    /// A random value of a type, which [`Codec::encode`] takes: small and extreme numbers more often than others, and
    /// registered ids from `ids`, names or as `2-0`, for the most part.
    ///
    /// # Errors
    /// A type that is not known.
    pub fn random(
        &self,
        type_name: &str,
        ids: &[String],
        random: &mut Random,
    ) -> Result<Value, Error> {
        let made = self.graph().with(type_name, |view, id| {
            Maker { view, ids, random }.value(id, 0)
        });
        made.map_err(|problem: Problem| Error::new(quote(type_name), problem))
    }
}

struct Maker<'a, 'g> {
    view: View<'g>,
    ids: &'a [String],
    random: &'a mut Random,
}

impl Maker<'_, '_> {
    fn value(&mut self, id: Id, depth: u32) -> Value {
        match self.view.node(id) {
            Node::Scalar(scalar) => self.scalar(*scalar),
            Node::Struct(structure) => {
                let known = self.random.below(8) > 0;
                if structure.is_regid
                    && known
                    && let Some(id) = self.random.pick(self.ids)
                {
                    return id.as_str().into();
                }
                let fields = self.view.fields(structure);
                let fields = fields.into_iter();
                let made = fields.map(|(name, id)| (name.clone(), self.value(*id, depth + 1)));
                Value::Object(made.collect::<Map<_, _>>())
            }
            Node::Variant(types) => {
                let at = self.random.below(types.len() as u64);
                let of = usize::try_from(at).ok().and_then(|at| types.get(at));
                of.map_or(Value::Null, |(name, id)| {
                    Value::Array(vec![name.as_str().into(), self.value(*id, depth + 1)])
                })
            }
            Node::Array(inner) => {
                // Lists of lists stay small.
                let count = self.random.below(LENGTH_MAX >> (4 * depth).min(5));
                (0..count).map(|_| self.value(*inner, depth + 1)).collect()
            }
            Node::Fixed(inner, count) => {
                (0..*count).map(|_| self.value(*inner, depth + 1)).collect()
            }
            Node::Optional(inner) if self.random.below(3) > 0 => self.value(*inner, depth + 1),
            Node::Optional(_) => Value::Null,
            Node::Extension(inner) => self.value(*inner, depth + 1),
        }
    }

    fn scalar(&mut self, scalar: Scalar) -> Value {
        match scalar {
            Scalar::Bool => (self.random.below(2) == 1).into(),
            Scalar::Int(int) => self.number(int.bits(), int.is_signed()),
            Scalar::VarInt32 => self.number(32, true),
            Scalar::VarUint32 => self.number(32, false),
            Scalar::String => self.text(b"abcxyz019 .-_").into(),
            Scalar::Name => {
                let text = self.text(b"abcdefghijklmnopqrstuvwxyz12345");
                text.get(..12).unwrap_or(&text).into()
            }
            Scalar::Bytes => {
                let count = self.random.below(LENGTH_MAX);
                let bytes: Vec<u8> = (0..count).map(|_| self.byte()).collect();
                hex::encode(bytes).into()
            }
            Scalar::Symbol => "4,SYS".into(),
            Scalar::SymbolCode => "SYS".into(),
            Scalar::Asset => {
                let amount = self.random.below(1_000_000);
                format!("{}.{:04} SYS", amount / 10_000, amount % 10_000).into()
            }
            // The others have a value for nearly any bytes; keys and signatures are of kind 0.
            of => {
                let mut bytes: Vec<u8> = (0..80).map(|_| self.byte()).collect();
                if matches!(of, Scalar::PublicKey | Scalar::Signature) {
                    bytes[0] = 0;
                }
                let value = of.decode(&mut Reader::new(&bytes));
                value
                    .or_else(|_| of.decode(&mut Reader::new(&[0; 80])))
                    .unwrap_or_default()
            }
        }
    }

    fn byte(&mut self) -> u8 {
        self.random.next().to_le_bytes()[0]
    }

    fn text(&mut self, letters: &[u8]) -> String {
        let count = self.random.below(LENGTH_MAX);
        let letter = |_| {
            self.random
                .pick(letters)
                .map_or('a', |&letter| letter.into())
        };
        (0..count).map(letter).collect()
    }

    /// A number of so many bits: a small one, one near an end, or any.
    fn number(&mut self, bits: u32, is_signed: bool) -> Value {
        let ones = u128::MAX >> (128 - bits);
        let any = u128::from(self.random.next()) << 64 | u128::from(self.random.next());
        let width = self.random.below(u64::from(bits)) as u32;
        let magnitude = match self.random.below(8) {
            0 => 0,
            1 => 1,
            2 => ones,
            3 => ones - any % 3,
            4 | 5 => any % 101,
            _ => any & (ones >> width),
        };
        if is_signed {
            let limit = ones >> 1;
            let value = magnitude.min(limit) as i128;
            let value = match self.random.below(4) {
                0 => -value - i128::from(magnitude == ones),
                _ => value,
            };
            return i64::try_from(value).map_or_else(|_| value.to_string().into(), Value::from);
        }
        u64::try_from(magnitude).map_or_else(|_| magnitude.to_string().into(), Value::from)
    }
}
