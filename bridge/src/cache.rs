//! [`Cache`]: compiled code on disk, which is used only if this node has written it.
//!
//! Code from a file is run as it is, so an entry must never be believed because of where it lies. Each has a
//! code (HMAC-SHA-256) over its key and value, with a secret that the node made for itself. What another
//! node, another key or a failing disk has left behind does not verify, and is compiled anew and replaced.
//! Nothing that goes wrong here is an error: a cache that cannot be read or written only costs time.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The file that holds the node's secret.
const SECRET: &str = "secret";
/// The length of the secret, a block of SHA-256.
const SECRET_SIZE: usize = 64;
/// The length of the code in front of each entry.
const CODE: usize = 32;

/// Tells the temporary files of this process apart.
static WRITES: AtomicU64 = AtomicU64::new(0);

/// A folder of entries that verify.
#[derive(Clone)]
pub struct Cache {
    folder: PathBuf,
    secret: [u8; SECRET_SIZE],
}

impl std::fmt::Debug for Cache {
    /// The secret stays one.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl Cache {
    /// The cache in `folder`, which is made if it is not there, and so is the node's secret.
    ///
    /// # Errors
    /// If the folder or the secret cannot be made.
    pub fn open(folder: &Path) -> io::Result<Cache> {
        fs::create_dir_all(folder)?;
        let mut cache = Cache {
            folder: folder.into(),
            secret: [0; SECRET_SIZE],
        };
        let file = folder.join(SECRET);
        cache.secret = match fs::read(&file).ok().and_then(|found| found.try_into().ok()) {
            Some(secret) => secret,
            None => {
                let mut secret = [0; SECRET_SIZE];
                File::open("/dev/urandom")?.read_exact(&mut secret)?;
                cache.replace(&file, &[&secret])?;
                secret
            }
        };
        Ok(cache)
    }

    /// The value of `key`, if this node has put it here and it is whole.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let mut entry = fs::read(self.file(key)).ok()?;
        let value = entry.split_off(entry.len().min(CODE));
        self.code(key, &value).verify_slice(&entry).ok()?;
        Some(value)
    }

    /// Keeps `value` under `key`; returns whether it could.
    pub fn put(&self, key: &[u8], value: &[u8]) -> bool {
        let code = self.code(key, value).finalize().into_bytes();
        self.replace(&self.file(key), &[code.as_slice(), value])
            .is_ok()
    }

    fn file(&self, key: &[u8]) -> PathBuf {
        self.folder.join(hex(&Sha256::digest(key)))
    }

    fn code(&self, key: &[u8], value: &[u8]) -> Hmac<Sha256> {
        let mut code = Hmac::<Sha256>::new(&self.secret.into());
        // The length keeps a key's end from being taken for a value's beginning.
        code.update(&(key.len() as u64).to_le_bytes());
        code.update(key);
        code.update(value);
        code
    }

    /// Writes a file whole or not at all; only this user can read it.
    #[expect(
        clippy::disallowed_methods,
        reason = "the name of a file until it is whole"
    )]
    fn replace(&self, file: &Path, parts: &[&[u8]]) -> io::Result<()> {
        let number = WRITES.fetch_add(1, Ordering::Relaxed);
        let new = self
            .folder
            .join(format!("new-{}-{number}", std::process::id()));
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut out = options.open(&new)?;
        let written = parts
            .iter()
            .try_for_each(|part| out.write_all(part))
            .and_then(|()| fs::rename(&new, file));
        if written.is_err() {
            // What is left of a failed write would never be used; that it cannot be removed harms nobody.
            let _ = fs::remove_file(&new);
        }
        written
    }
}

/// Lower-case hex.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(folder: &Path) -> Vec<PathBuf> {
        let files = fs::read_dir(folder)
            .expect("the folder is there")
            .map(|file| file.expect("a file").path());
        files.filter(|file| !file.ends_with(SECRET)).collect()
    }

    /// What was put is found again also by the next process.
    #[test]
    fn an_entry_is_found_by_the_next_process_too() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cache = Cache::open(folder.path()).expect("it can be made");
        assert_eq!(cache.get(b"key"), None);
        for value in [&b"value"[..], b"", &[7; 100_000]] {
            assert!(cache.put(b"key", value));
            let again = Cache::open(folder.path()).expect("it is there");
            assert_eq!(again.get(b"key").as_deref(), Some(value));
            assert_eq!(again.get(b"other"), None);
        }
    }

    #[test]
    fn a_damaged_entry_is_not_there() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cache = Cache::open(folder.path()).expect("it can be made");
        assert!(cache.put(b"key", b"value"));
        let [file] = &entries(folder.path())[..] else {
            panic!("one entry")
        };
        let whole = fs::read(file).expect("it can be read");
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(file, &damaged).expect("it can be written");
            assert_eq!(cache.get(b"key"), None, "byte {at}");
            fs::write(file, &whole[..at]).expect("it can be written");
            assert_eq!(cache.get(b"key"), None, "cut to {at} bytes");
        }
        fs::write(file, &whole).expect("it can be written");
        assert_eq!(cache.get(b"key").as_deref(), Some(&b"value"[..]));
    }

    /// Entries of another key or another node are not there.
    #[test]
    fn entries_of_another_key_or_node_are_not_there() {
        let [mine, theirs] = [(); 2].map(|()| tempfile::tempdir().expect("a temporary folder"));
        let cache = Cache::open(mine.path()).expect("it can be made");
        let other = Cache::open(theirs.path()).expect("it can be made");
        assert!(
            cache.put(b"key", b"value")
                && cache.put(b"key 2", b"value 2")
                && other.put(b"key", b"evil")
        );
        fs::copy(cache.file(b"key 2"), cache.file(b"key")).expect("it can be copied");
        assert_eq!(cache.get(b"key"), None, "of another key");
        fs::copy(other.file(b"key"), cache.file(b"key")).expect("it can be copied");
        assert_eq!(cache.get(b"key"), None, "of another node");
    }

    #[test]
    fn a_lost_secret_makes_an_empty_cache() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert!(
            Cache::open(folder.path())
                .expect("it can be made")
                .put(b"key", b"value")
        );
        for damage in [&b""[..], b"short", &[0; SECRET_SIZE + 1]] {
            fs::write(folder.path().join(SECRET), damage).expect("it can be written");
            let cache = Cache::open(folder.path()).expect("it is made anew");
            assert_eq!(cache.get(b"key"), None);
        }
    }

    #[test]
    fn a_folder_that_goes_away_only_costs_time() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cache = Cache::open(folder.path()).expect("it can be made");
        folder.close().expect("it can be removed");
        assert!(!cache.put(b"key", b"value"));
        assert_eq!(cache.get(b"key"), None);
    }
}
