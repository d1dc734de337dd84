//! `bylaws completions` and `bylaws man`, both made from the arguments themselves.

use std::io::{self, Write as _};

use clap::CommandFactory as _;

use super::Exit;
use super::arguments::{Arguments, Completions};

pub(super) fn completions(command: &Completions) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(command.shell, &mut Arguments::command(), "bylaws", &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(Exit::Allowed)
}

pub(super) fn man() -> anyhow::Result<Exit> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Arguments::command()).render(&mut page)?;
    io::stdout().lock().write_all(&page)?;
    Ok(Exit::Allowed)
}
