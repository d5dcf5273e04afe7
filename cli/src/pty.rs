//! The serial line as a pseudo-terminal, for terminal programs and scripts.

use crate::error::Error;
use firmware::session::{Received, SerialLine};
use rustix::fd::OwnedFd;
use rustix::io::{Errno, ioctl_fionbio, read, write};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::io;

/// A pseudo-terminal whose other end is a device that anybody can open.
#[derive(Debug)]
pub(crate) struct Pty {
    line: OwnedFd,
    path: String,
    /// Bytes the firmware sent that nobody has taken.
    pub(crate) lost: u64,
}

impl Pty {
    /// A new one, which changes no byte on its way.
    ///
    /// # Errors
    /// If the system has none left.
    pub(crate) fn open() -> Result<Pty, Error> {
        let open = || -> Result<Pty, Errno> {
            let line = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
            grantpt(&line)?;
            unlockpt(&line)?;
            let mut settings = tcgetattr(&line)?;
            settings.make_raw();
            tcsetattr(&line, OptionalActions::Now, &settings)?;
            ioctl_fionbio(&line, true)?;
            let path = ptsname(&line, Vec::new())?.to_string_lossy().into_owned();
            Ok(Pty {
                line,
                path,
                lost: 0,
            })
        };
        open().map_err(|error| Error::node(format_args!("pseudo-terminal: {error}")))
    }

    /// The device to open.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}

impl SerialLine for Pty {
    fn receive(&mut self) -> io::Result<Received> {
        let mut bytes = [0; 256];
        match read(&self.line, &mut bytes) {
            Ok(count) => Ok(Received::Bytes(bytes[..count].to_vec())),
            Err(Errno::AGAIN | Errno::INTR) => Ok(Received::Bytes(Vec::new())),
            Err(Errno::IO) => Ok(Received::Closed),
            Err(error) => Err(error.into()),
        }
    }

    /// Bytes that a full line does not take are lost, as on any serial line that nobody reads.
    fn send(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match write(&self.line, bytes) {
                Ok(taken) => bytes = &bytes[taken.min(bytes.len())..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN | Errno::IO) => {
                    self.lost += bytes.len() as u64;
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;
    use std::io::{Read, Write};

    /// Bytes pass unchanged both ways until the other end is closed.
    #[test]
    fn bytes_pass_both_ways_until_the_end_closes() {
        let mut pty = Pty::open().expect("a pseudo-terminal");
        assert_eq!(
            pty.receive().ok(),
            Some(Received::Bytes(Vec::new())),
            "nobody is there"
        );
        let mut device = OpenOptions::new()
            .read(true)
            .write(true)
            .open(pty.path())
            .expect("the device opens");
        let all: Vec<u8> = (0..=255).collect();
        pty.send(&all).expect("sent");
        let mut there = vec![0; 256];
        device.read_exact(&mut there).expect("it came");
        assert_eq!(there, all, "with line ends and control characters");
        device.write_all(&all).expect("sent back");
        assert_eq!(pty.receive().ok(), Some(Received::Bytes(all)));
        drop(device);
        assert_eq!(pty.receive().ok(), Some(Received::Closed));
        assert_eq!(pty.lost, 0);
    }

    #[test]
    fn what_nobody_reads_is_lost_and_counted() {
        let mut pty = Pty::open().expect("a pseudo-terminal");
        pty.send(&vec![0x55; 1 << 20]).expect("it does not wait");
        assert!(pty.lost > 0);
    }
}
