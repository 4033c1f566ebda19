// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names of hosts.

use crate::asked::Question;
use crate::state::{Running, State};
use crate::{Fault, Network};
use core::time::Duration;
use crossgate::{Lease, interface};
use crossgate_waiting::FOR_EVER;
use smoltcp::socket::dns::GetQueryResultError;
use smoltcp::wire::{DnsQueryType, IpAddress};

/// The longest name (RFC 1035), without the dot at its end.
const LONGEST: usize = 253;

/// The interface of a process that asks for the addresses of hosts. It can ask for one address at a time.
#[interface]
pub trait Resolve<const PLACE: usize> {
    /// Returns the first IPv4 address of the host with this name, such as `example.org`. Fails with [`Fault::NotFound`]
    /// if the name server does not answer for ten seconds. If this host has no address yet, waits for it as long as it
    /// takes.
    fn resolve(&self, name: Lease<'_, [u8]>) -> Result<[u8; 4], Fault>;
    /// Like `resolve`, but waits up to `timeout`.
    fn resolve_timeout(&self, name: Lease<'_, [u8]>, timeout: Duration) -> Result<[u8; 4], Fault>;
}

impl<const SOCKETS: usize> Running<SOCKETS> {
    /// Forgets the question of the place.
    pub fn forget_name(&mut self, place: usize) {
        if let Question::Asked(query) = self.names.questions[place] {
            self.dns().0.cancel_query(query);
        }
        self.names.questions[place] = Question::None;
    }

    /// If the answer to the question of the place has come, stores the answer.
    fn look_for_answer(&mut self, place: usize) {
        let Question::Asked(query) = self.names.questions[place] else { return };
        let answer = match self.dns().0.get_query_result(query) {
            Err(GetQueryResultError::Pending) => return,
            Err(GetQueryResultError::Failed) => Err(Fault::NotFound),
            Ok(addresses) => addresses.first().map_or(Err(Fault::NotFound), |first| {
                let IpAddress::Ipv4(first) = first;
                Ok(first.octets())
            }),
        };
        self.names.questions[place] = Question::Answered(answer);
    }

    /// Returns `true` if the place has an answer, or if its client may ask a question now.
    pub fn knows_name(&mut self, place: usize) -> bool {
        self.look_for_answer(place);
        match self.names.questions[place] {
            Question::None => self.address().is_some(),
            Question::Asked(_) => false,
            Question::Answered(_) => true,
        }
    }

    fn ask(&mut self, place: usize, name: &Lease<'_, [u8]>) -> Result<(), Fault> {
        let mut bytes = [0; LONGEST + 1];
        if name.len() > bytes.len() {
            return Err(Fault::WrongName);
        }
        let count = name.copy_to(&mut bytes);
        let is_right = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        let name =
            str::from_utf8(&bytes[..count]).ok().filter(|it| it.bytes().all(|it| is_right(&it)));
        let (socket, context) = self.dns();
        let query = name.and_then(|name| socket.start_query(context, name, DnsQueryType::A).ok());
        self.names.questions[place] = Question::Asked(query.ok_or(Fault::WrongName)?);
        Ok(())
    }
}

/// Asks for a name, and then returns the answer.
fn resolve<const N: usize>(
    state: &mut State<N>,
    place: usize,
    name: &Lease<'_, [u8]>,
    has_asked: &mut bool,
) -> Option<Result<[u8; 4], Fault>> {
    let running: &mut Running<N> = state.running.as_mut()?;
    if *has_asked {
        running.look_for_answer(place);
        return match running.names.questions[place] {
            Question::Asked(_) => None,
            Question::Answered(answer) => {
                running.names.questions[place] = Question::None;
                Some(answer)
            }
            // Another client shared this place, and is gone. Its question was forgotten, and the present question with
            // it.
            Question::None => Some(Err(Fault::NotFound)),
        };
    }
    let is_free = matches!(running.names.questions[place], Question::None);
    if !is_free && state.places[place].readers.count() > 0 {
        return Some(Err(Fault::InUse));
    }
    // The client that asked before no longer waits for the answer.
    running.forget_name(place);
    running.address()?;
    *has_asked = true;
    running.ask(place, name).err().map(Err)
}

impl<
    const TCP: usize,
    const UDP: usize,
    const SOCKETS: usize,
    const BUFFER: usize,
    const NAMES: usize,
> Network<TCP, UDP, SOCKETS, BUFFER, NAMES>
{
    fn resolve_within<const PLACE: usize>(
        &self,
        name: &Lease<'_, [u8]>,
        timeout: Duration,
    ) -> Result<[u8; 4], Fault> {
        const { assert!(PLACE < NAMES, "the network has no such place for names") };
        let mut has_asked = false;
        self.attempt(
            TCP + UDP + PLACE,
            |state| &mut state.places[TCP + UDP + PLACE].readers,
            timeout,
            |state| {
                self.begin_once(&mut has_asked, |it| resolve(state, TCP + UDP + PLACE, name, it))
            },
        )
    }
}

impl<
    const TCP: usize,
    const UDP: usize,
    const SOCKETS: usize,
    const BUFFER: usize,
    const NAMES: usize,
    const PLACE: usize,
> Resolve<PLACE> for Network<TCP, UDP, SOCKETS, BUFFER, NAMES>
{
    fn resolve(&self, name: Lease<'_, [u8]>) -> Result<[u8; 4], Fault> {
        self.resolve_within::<PLACE>(&name, FOR_EVER)
    }

    fn resolve_timeout(&self, name: Lease<'_, [u8]>, timeout: Duration) -> Result<[u8; 4], Fault> {
        self.resolve_within::<PLACE>(&name, timeout)
    }
}
