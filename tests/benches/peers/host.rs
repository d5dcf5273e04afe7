//! What the host's processor spends: its time, and its instructions.

use std::error::Error;
use std::fs;
use std::process::Command;

use rustix::time::{ClockId, clock_gettime};
use tests::tool;

/// The seconds of processor time this thread has used.
pub(crate) fn own_seconds() -> f64 {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    used.tv_sec as f64 + used.tv_nsec as f64 / 1e9
}

/// The seconds of processor time that ended child processes have used, in steps of a hundredth.
pub(crate) fn children_seconds() -> Result<f64, Box<dyn Error>> {
    const TICKS_PER_SECOND: f64 = 100.0;
    let statistics = fs::read_to_string("/proc/self/stat")?;
    // Behind the program's name, which is in parentheses, stand state, parent and so on; cutime and cstime are the
    // 14th and 15th there (proc(5), fields 16 and 17).
    let (_, fields) = statistics.rsplit_once(") ").ok_or("stat without a name")?;
    let ticks = fields
        .split(' ')
        .skip(13)
        .take(2)
        .map(str::parse::<f64>)
        .sum::<Result<f64, _>>()?;
    Ok(ticks / TICKS_PER_SECOND)
}

/// The host instructions a command executes, counted by callgrind; `None` without valgrind.
pub(crate) fn instructions(command: &[&str], input: &[u8]) -> Result<Option<u64>, Box<dyn Error>> {
    if tool::output(Command::new("valgrind").arg("--version")).is_err() {
        return Ok(None);
    }
    let log = tempfile::NamedTempFile::new()?;
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    valgrind
        .arg(format!("--log-file={}", log.path().display()))
        .args(command);
    tool::output_with_input(&mut valgrind, input)?;
    let said = fs::read_to_string(log.path())?;
    let collected = said
        .rsplit_once("Collected : ")
        .and_then(|(_, count)| count.split_whitespace().next());
    Ok(Some(collected.ok_or("callgrind gave no count")?.parse()?))
}
