//! Questions to a person at a terminal. Without a person, the options and the defaults are the answers.

use super::keys::Shown;
use super::shown::without_user;
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::secret::redact;
use crate::view::table::folded;
use crate::view::text::one_line;
use std::io::{self, BufRead, ErrorKind, Write};

/// At most this many choices are listed.
const MOST_SHOWN: usize = 30;

/// The answer that means none of the choices.
const NONE: &str = "-";

/// The person who is asked, if there is one.
pub(super) struct Dialogue<'a> {
    person: Option<Person<'a>>,
}

/// Where answers are read, where questions are written, and how one is asked.
struct Person<'a> {
    answers: Box<dyn BufRead + 'a>,
    questions: Box<dyn Write + 'a>,
    ask: Ask,
}

/// Asks, and reads a line.
type Ask = fn(&str, Shown, &mut dyn Write, &mut dyn BufRead) -> io::Result<String>;

/// What is asked.
#[derive(Clone, Copy)]
pub(super) struct Question<'q> {
    pub(super) text: &'q str,
    /// The option that answers it.
    pub(super) option: &'static str,
    /// The value of that option.
    pub(super) given: Option<&'q str>,
    /// The answer of a person who only presses Enter, and without a person.
    pub(super) default: Option<&'q str>,
}

impl<'a> Dialogue<'a> {
    pub(super) fn with_person(answers: impl BufRead + 'a, questions: impl Write + 'a, ask: Ask) -> Self {
        Dialogue { person: Some(Person { answers: Box::new(answers), questions: Box::new(questions), ask }) }
    }

    pub(super) fn without_person() -> Self {
        Dialogue { person: None }
    }

    pub(super) fn has_person(&self) -> bool {
        self.person.is_some()
    }

    /// Writes a line to the person.
    pub(super) fn say(&mut self, text: &str) -> Result<(), Failure> {
        Ok(self.person.as_mut().map_or(Ok(()), |person| person.write(text))?)
    }

    /// The value of the option, else the first answer that `read` accepts, else the default. A person is asked again after a
    /// wrong answer, and after a wrong option: it must not cost the answers before it. Without a person it is refused.
    pub(super) fn value<T>(
        &mut self,
        question: Question<'_>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        let Question { text, option, given, default } = question;
        if let Some(value) = given {
            let shown = if value.is_empty() || value.contains(char::is_whitespace) {
                format!("{:?}", without_user(value))
            } else {
                without_user(value).into_owned()
            };
            match (read(value), &mut self.person) {
                (Ok(value), _) => return Ok(value),
                (Err(error), None) => return Err(Failure::Refused(format!("{option} {shown}: {error}"))),
                (Err(error), Some(person)) => person.write(&format!("  {option} {shown}: {error}"))?,
            }
        }
        let Some(person) = &mut self.person else {
            let missing = || Failure::Refused(format!("{text}? Name it with {option}, or run mita init at a terminal"));
            return read(default.ok_or_else(missing)?).map_err(|error| Failure::Refused(format!("{text}: {error}")));
        };
        loop {
            let answer = person.ask(text, default)?;
            match (answer.as_deref().or(default), answer.is_some()) {
                (None, _) => person.write("  please answer, or end with Ctrl-C")?,
                (Some(value), _) => match read(value) {
                    Ok(value) => return Ok(value),
                    Err(error) => person.write(&format!("  {}: {error}", without_user(value)))?,
                },
            }
        }
    }

    /// One of the choices by its number, its name or its id; `read` accepts other values. Without choices, any value is
    /// accepted. The default is that of the question, else the first choice.
    pub(super) fn choice(
        &mut self,
        question: Question<'_>,
        choices: &[Choice],
        other: impl Fn(&str) -> Result<String, String>,
    ) -> Result<Option<String>, Failure> {
        let first = choices.first().map(|choice| choice.text.as_str());
        let question = Question { default: question.default.or(first), ..question };
        if question.given.is_none() && (question.default.is_none() || self.person.is_none() || choices.len() < 2) {
            return Ok(question.default.map(str::to_owned));
        }
        let named = |answer: &str| {
            let is_meant = |choice: &&Choice| choice.text == answer || choice.id.as_deref() == Some(answer);
            choices.iter().find(is_meant).map(|choice| Some(choice.text.clone()))
        };
        let accepted = |answer: &str| match named(answer) {
            Some(choice) => Ok(choice),
            None if choices.is_empty() => Ok(Some(answer.to_owned())),
            None => other(answer).map(Some),
        };
        let Some(person) = &mut self.person else { return self.value(question, accepted) };
        if let Some(given) = question.given {
            match accepted(given) {
                Ok(chosen) => return Ok(chosen),
                Err(error) => person.write(&format!("  {} {given}: {error}", question.option))?,
            }
        }
        person.list(choices)?;
        // The number that stands in the list is meant before an id: flavors have the ids "1", "2" and "3" in many a cloud.
        let read = |answer: &str| {
            let number = answer.parse::<usize>().ok();
            let listed = number.map(|number| number.checked_sub(1).and_then(|index| choices.get(index)));
            match (listed, named(answer)) {
                (Some(Some(choice)), _) => Ok(Some(choice.text.clone())),
                (Some(None), None) if !choices.is_empty() => {
                    Err(format!("answer with a number from 1 to {}, or with a name", choices.len()))
                }
                _ => accepted(answer),
            }
        };
        self.value(Question { given: None, ..question }, read)
    }

    /// As [`Self::choice`], where none of the choices is an answer as well.
    pub(super) fn choice_or_none(
        &mut self,
        question: Question<'_>,
        choices: &[Choice],
        other: impl Fn(&str) -> Result<String, String>,
    ) -> Result<Option<String>, Failure> {
        let none = Choice { about: "  none".to_owned(), ..Choice::plain(NONE) };
        let with_none = || choices.iter().cloned().chain([none]).collect::<Vec<_>>();
        let choices = if choices.is_empty() { Vec::new() } else { with_none() };
        Ok(self.choice(question, &choices, other)?.filter(|chosen| chosen != NONE))
    }

    /// Yes or no.
    pub(super) fn confirm(&mut self, text: &str) -> Result<bool, Failure> {
        let question = Question { text, option: "", given: None, default: Some("no") };
        self.value(question, |answer| match answer.to_lowercase().as_str() {
            "y" | "yes" => Ok(true),
            "n" | "no" => Ok(false),
            _ => Err("answer yes or no".to_owned()),
        })
    }

    /// A secret that the terminal does not show; `None` for an empty answer and without a person.
    pub(super) fn secret(&mut self, text: &str) -> Result<Option<String>, Failure> {
        let Some(person) = &mut self.person else { return Ok(None) };
        person.line(text, Shown::No)
    }
}

impl Person<'_> {
    /// Writes one line. A service may have made a part of it, so it controls no terminal.
    fn write(&mut self, text: &str) -> io::Result<()> {
        write!(self.questions, "{}", folded(&format!("{}\n", one_line(&redact(text))), output::width()))
    }

    fn list(&mut self, choices: &[Choice]) -> io::Result<()> {
        for (number, Choice { text, about, .. }) in choices.iter().take(MOST_SHOWN).enumerate() {
            self.write(&format!("  {:>2}  {text}{about}", number + 1))?;
        }
        if choices.len() > MOST_SHOWN {
            self.write(&format!("      and {} more; answer with a name", choices.len() - MOST_SHOWN))?;
        }
        Ok(())
    }

    /// `None` for an empty answer.
    fn ask(&mut self, question: &str, default: Option<&str>) -> Result<Option<String>, Failure> {
        let shown = default.filter(|default| !default.is_empty());
        let shown = shown.map_or_else(String::new, |default| format!(" [{default}]"));
        self.line(&format!("{question}{shown}"), Shown::Yes)
    }

    /// Asks, and reads a line; `None` for an empty one.
    fn line(&mut self, question: &str, shown: Shown) -> Result<Option<String>, Failure> {
        let question = folded(&format!("{}: ", one_line(&redact(question))), output::width());
        let question = question.trim_end_matches('\n');
        let answer = (self.ask)(question, shown, &mut self.questions, &mut self.answers).map_err(ended)?;
        Ok(Some(answer.trim().to_owned()).filter(|answer| !answer.is_empty()))
    }
}

/// Nobody answers any more.
fn ended(error: io::Error) -> Failure {
    match error.kind() {
        ErrorKind::UnexpectedEof => {
            Failure::Refused("no answer, so nothing was written: run mita init again".to_owned())
        }
        ErrorKind::Interrupted => Failure::Interrupted,
        _ => Failure::Refused(format!("cannot read the answer: {error}")),
    }
}

/// Something to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) text: String,
    /// Its id, which is as good an answer.
    pub(super) id: Option<String>,
    /// What to show beside it.
    pub(super) about: String,
}

impl Choice {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Choice { text: text.into(), id: None, about: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Question<'_> = Question { text: "Size", option: "--flavor", given: None, default: None };

    fn unknown(_: &str) -> Result<String, String> {
        Err("there is no such size".to_owned())
    }

    fn person<'a>(answers: &'a str, questions: &'a mut Vec<u8>) -> Dialogue<'a> {
        Dialogue::with_person(answers.as_bytes(), questions, |question, shown, questions, answers| {
            write!(questions, "{question}")?;
            let mut line = String::new();
            match shown {
                Shown::No => Ok(" s3cret \n".to_owned()),
                Shown::Yes if answers.read_line(&mut line)? == 0 => Err(ErrorKind::UnexpectedEof.into()),
                Shown::Yes => Ok(line),
            }
        })
    }

    fn asked(answers: &str, choices: &[Choice]) -> (Option<String>, String) {
        let mut output = Vec::new();
        let answer = person(answers, &mut output).choice(SIZE, choices, unknown).ok().flatten();
        (answer, String::from_utf8(output).unwrap())
    }

    fn sizes() -> [Choice; 2] {
        let small = Choice { id: Some("2f".into()), about: "  2 cores".into(), ..Choice::plain("m1.small") };
        [Choice::plain("m1.tiny"), small]
    }

    #[test]
    fn a_choice_is_made_by_number_by_name_by_id_or_by_silence() {
        for (answers, chosen) in
            [("2\n", "m1.small"), ("2f\n", "m1.small"), ("m1.tiny\n", "m1.tiny"), ("\n", "m1.tiny")]
        {
            let (answer, shown) = asked(answers, &sizes());
            assert_eq!(answer.as_deref(), Some(chosen), "{answers:?}");
            assert!(shown.starts_with("   1  m1.tiny\n   2  m1.small  2 cores\nSize [m1.tiny]: "), "{shown}");
        }
    }

    #[test]
    fn an_answer_that_is_none_of_them_is_asked_for_again() {
        let (answer, shown) = asked("0\n3\nhuge\n2\n", &sizes());
        assert_eq!(answer.as_deref(), Some("m1.small"));
        assert_eq!(shown.matches("answer with a number from 1 to 2").count(), 2);
        assert_eq!(shown.matches("huge: there is no such size").count(), 1);
    }

    #[test]
    fn where_there_is_nothing_to_choose_nobody_is_asked() {
        let (answer, shown) = asked("7\n", &sizes()[..1]);
        assert_eq!((answer.as_deref(), shown.as_str()), (Some("m1.tiny"), ""));
        assert_eq!(asked("7\n", &[]), (None, String::new()));
    }

    #[test]
    fn without_a_person_the_default_is_the_answer_and_without_a_default_the_option_is_named() {
        let mut nobody = Dialogue::without_person();
        let default = Question { default: Some("m1.small"), ..SIZE };
        assert_eq!(nobody.choice(default, &sizes(), unknown).unwrap().as_deref(), Some("m1.small"));
        let missing = nobody.value(SIZE, |text| Ok(text.to_owned())).unwrap_err();
        assert_eq!(missing.to_string(), "Size? Name it with --flavor, or run mita init at a terminal");
        assert_eq!(nobody.secret("Token").unwrap(), None);
    }

    #[test]
    fn an_option_is_checked_and_not_asked_for() {
        let mut output = Vec::new();
        let mut someone = person("2\n", &mut output);
        let given = |value| Question { given: Some(value), ..SIZE };
        assert_eq!(someone.choice(given("2f"), &sizes(), unknown).unwrap().as_deref(), Some("m1.small"));
        assert_eq!(someone.choice(given("huge"), &[], unknown).unwrap().as_deref(), Some("huge"));
        drop(someone);
        assert!(output.is_empty());
        let by_number = Dialogue::without_person().choice(given("1"), &sizes(), unknown);
        assert!(by_number.is_err(), "an option is no number of a list that nobody saw");
    }

    #[test]
    fn a_wrong_option_is_refused_without_a_person_and_asked_for_at_a_terminal() {
        let given = |value| Question { given: Some(value), ..SIZE };
        let refused = Dialogue::without_person().choice(given("huge"), &sizes(), unknown).unwrap_err();
        assert_eq!(refused.to_string(), "--flavor huge: there is no such size");
        let mut output = Vec::new();
        let chosen = person("2\n", &mut output).choice(given("huge"), &sizes(), unknown).unwrap();
        assert_eq!(chosen.as_deref(), Some("m1.small"));
        let shown = String::from_utf8(output).unwrap();
        assert!(shown.starts_with("  --flavor huge: there is no such size\n   1  m1.tiny\n"), "{shown}");
        let mut output = Vec::new();
        let read = |text: &str| text.parse::<u32>().map_err(|_| "no number".to_owned());
        assert_eq!(person("7\n", &mut output).value(given("x"), read).unwrap(), 7);
        assert!(String::from_utf8(output).unwrap().starts_with("  --flavor x: no number\nSize: "));
    }

    #[test]
    fn the_number_in_the_list_is_meant_before_the_id_of_another() {
        let one = Choice { id: Some("2".into()), ..Choice::plain("m1.tiny") };
        let two = Choice { id: Some("1".into()), ..Choice::plain("m1.small") };
        let nine = Choice { id: Some("99".into()), ..Choice::plain("m1.large") };
        for (answer, chosen) in [("1\n", "m1.tiny"), ("2\n", "m1.small"), ("99\n", "m1.large")] {
            assert_eq!(asked(answer, &[one.clone(), two.clone(), nine.clone()]).0.as_deref(), Some(chosen));
        }
    }

    #[test]
    fn the_end_of_the_input_ends_the_dialogue() {
        let mut output = Vec::new();
        let ended = person("", &mut output).choice(SIZE, &sizes(), unknown).unwrap_err();
        assert!(ended.to_string().contains("nothing was written"), "{ended}");
    }

    #[test]
    fn a_question_without_default_is_asked_until_there_is_an_answer() {
        let mut output = Vec::new();
        let answer = person("\n\nbig\n", &mut output).value(SIZE, |text| Ok(text.to_owned())).unwrap();
        assert_eq!(answer, "big");
        assert_eq!(String::from_utf8(output).unwrap().matches("please answer").count(), 2);
    }

    #[test]
    fn what_a_service_calls_its_things_does_not_control_the_terminal() {
        let named =
            [Choice::plain("\u{1b}[2Jsmall"), Choice { about: "\u{9b}31m".to_owned(), ..Choice::plain("big\nbig") }];
        let (_, shown) = asked("\u{1b}[2J\n1\n", &named);
        assert!(shown.contains("   1  \\u{1b}[2Jsmall\n   2  big big\\u{9b}31m\n"), "{shown}");
        assert!(shown.contains("\nSize [\\u{1b}[2Jsmall]: "), "{shown}");
        assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown}");
    }

    #[test]
    fn none_of_the_choices_can_be_an_answer() {
        let mut output = Vec::new();
        assert_eq!(person("-\n", &mut output).choice_or_none(SIZE, &sizes(), unknown).unwrap(), None);
        assert!(String::from_utf8(output).unwrap().contains("   3  -  none\n"));
        assert_eq!(Dialogue::without_person().choice_or_none(SIZE, &[], unknown).unwrap(), None);
    }

    #[test]
    fn a_secret_is_read_without_the_blanks_around_it() {
        let mut output = Vec::new();
        assert_eq!(person("", &mut output).secret("Token").unwrap().as_deref(), Some("s3cret"));
    }
}
