//! What the terminal can show, how a person wants it, and what it shows of the keys.

use crate::cli::args::Colour;
use crate::cli::process::output;
use crate::config::of_process;
use crate::progress;
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::SpecialCharacterIndices::{VMIN, VTIME};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::Pid;
use signal_hook::consts::{SIGCONT, SIGINT, SIGQUIT, SIGTERM, SIGWINCH};
use signal_hook::flag::register;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::io::{self, IsTerminal, Write, stderr, stdin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Whether to use colours on standard output (no-color.org, bixense.com/clicolors).
pub(crate) fn colours(when: Colour) -> bool {
    let set = |name: &str| of_process(name).filter(|value| !value.is_empty());
    match when {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto if set("NO_COLOR").is_some() => false,
        Colour::Auto if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
        Colour::Auto => output::is_terminal() && !output::is_dumb() && set("CLICOLOR").is_none_or(|value| value != "0"),
    }
}

/// Whether a question stands on the last line, before anything is done.
static ASKING: AtomicBool = AtomicBool::new(false);

/// Asks a question before anything is done, and waits for its answer. From the first letter that a person sees, a signal that
/// ends the program says so, and leaves the question.
pub(crate) fn asked<T>(ask: impl FnOnce() -> T) -> T {
    ASKING.store(true, Ordering::Relaxed);
    let answer = ask();
    ASKING.store(false, Ordering::Relaxed);
    answer
}

/// From now on, a signal that ends the program removes the line of progress and restores the terminal first. Without a
/// terminal nothing changes.
pub(crate) fn end_cleanly_on_signals() {
    if !stderr().is_terminal() {
        return;
    }
    // Without the handler, the signal ends the program all the same.
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGQUIT]) else { return };
    thread::spawn(move || {
        for signal in signals.forever() {
            restore();
            if ASKING.load(Ordering::Relaxed) {
                let _ = writeln!(stderr());
                log::error!("nothing is done");
            } else {
                let _ = stderr().write_all(progress::clear().as_bytes());
            }
            let _ = emulate_default_handler(signal);
        }
    });
}

/// Whether what is on the screen must be drawn again before its time: the terminal has another size, or other programs
/// used it while this one was stopped.
pub(crate) struct Redraw(Arc<AtomicBool>);

impl Redraw {
    pub(crate) fn on_signals() -> io::Result<Redraw> {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [SIGWINCH, SIGCONT] {
            register(signal, Arc::clone(&flag))?;
        }
        Ok(Redraw(flag))
    }

    pub(crate) fn never() -> Redraw {
        Redraw(Arc::default())
    }

    /// Whether it must be; once for each reason.
    pub(crate) fn is_wanted(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

/// Ends the program as Ctrl-C does where it is a signal: a shell sees status 130, and ends its script.
pub fn end_as_interrupted() {
    // Without it, the exit status of the error holds.
    let _ = emulate_default_handler(SIGINT);
}

/// The modes of the terminal before the first [`Silence`].
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// The terminal passes each key on at once and shows none, until this is dropped.
pub(crate) struct Silence {
    /// What it is then: the silence around this one, or what the terminal was before.
    outer: Termios,
    is_outermost: bool,
}

impl Silence {
    /// Ctrl-C is a signal: for the time in which nobody reads keys.
    pub(crate) fn new() -> io::Result<Silence> {
        Silence::with(LocalFlags::ISIG)
    }

    /// Ctrl-C is a key.
    pub(crate) fn without_signals() -> io::Result<Silence> {
        Silence::with(LocalFlags::empty())
    }

    fn with(signals: LocalFlags) -> io::Result<Silence> {
        let outer = tcgetattr(stdin())?;
        let is_outermost = {
            let mut before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
            let is_outermost = before.is_none();
            before.get_or_insert_with(|| outer.clone());
            is_outermost
        };
        let mut silent = outer.clone();
        silent.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG);
        silent.local_flags.insert(signals);
        (silent.control_chars[VMIN as usize], silent.control_chars[VTIME as usize]) = (1, 0);
        let silence = Silence { outer, is_outermost };
        tcsetattr(stdin(), SetArg::TCSANOW, &silent)?;
        Ok(silence)
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        if self.is_outermost {
            return restore();
        }
        // A terminal that is gone needs no restoring.
        let _ = tcsetattr(stdin(), SetArg::TCSANOW, &self.outer);
    }
}

/// Makes the terminal what it was before the first [`Silence`]: at the end of the last one, and where the program ends at
/// once.
pub(crate) fn restore() {
    if let Some(before) = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take() {
        let _ = tcsetattr(stdin(), SetArg::TCSANOW, &before);
    }
}

/// Stops the foreground as Ctrl-Z does where it is a signal, with the terminal as it was before the first [`Silence`]. Returns
/// once somebody continues it; at once where nobody could.
pub(crate) fn stop() -> io::Result<()> {
    let silent = tcgetattr(stdin())?;
    if let Some(before) = &*BEFORE.lock().unwrap_or_else(PoisonError::into_inner) {
        tcsetattr(stdin(), SetArg::TCSANOW, before)?;
    }
    kill(Pid::from_raw(0), Signal::SIGTSTP)?;
    Ok(tcsetattr(stdin(), SetArg::TCSANOW, &silent)?)
}
