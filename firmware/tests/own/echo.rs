use firmware::watch::coverage::SourceMap;
use firmware::{Cycles, files::Disk, image, settings::Settings};

#[test]
fn echo_sends_what_it_gets() -> Result<(), Box<dyn std::error::Error>> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../firmware-samples/firmware/echo.ihx"
    );
    let mut notes = Vec::new();
    let image = image::read(&Disk, path.as_ref(), &mut notes)?;
    let settings = Settings {
        chip: "8051".into(),
        clock: "11.0592MHz".parse()?,
        ..Settings::default()
    };
    let mut session = settings.session(&image)?.counting().checking_stack();
    session.send(b"hello");
    let stop = session.run_until(Cycles(20_000))?;
    assert_eq!(stop.name(), "cycles", "it waits for more");
    assert_eq!(session.sent(), b"hello");
    assert!(session.pin(3, 1), "TXD rests high");

    let sources = SourceMap::new(&Disk, path.as_ref(), &image, Default::default(), &mut notes)?;
    let counts = session.counts().expect("they are counted");
    let ran = sources.coverage(counts).summary();
    assert!(ran.instructions_hit * 2 > ran.instructions, "{ran}");
    Ok(())
}
