// SPDX-License-Identifier: MIT OR Apache-2.0
//! The settings of the network in the wiring, and endpoints of connections.

use crossgate::Wire;
use smoltcp::wire::{IpAddress, IpEndpoint, Ipv4Address};

/// The addresses of this host.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub(crate) hardware: [u8; 6],
    pub(crate) address: [u8; 4],
    pub(crate) prefix: u8,
    pub(crate) gateway: Option<[u8; 4]>,
    #[cfg(feature = "dhcp")]
    pub(crate) is_by_dhcp: bool,
    #[cfg(feature = "dns")]
    pub(crate) name_server: Option<[u8; 4]>,
}

impl Settings {
    /// Creates the settings of a host with this Ethernet address and this IPv4 address. The first `prefix` bits of the
    /// IPv4 address are the same for all hosts on the cable.
    ///
    /// # Panics
    /// If the Ethernet address is a group address, or if `prefix` is more than 32. In the wiring, this is a compile
    /// error.
    #[must_use]
    pub const fn new(hardware: [u8; 6], address: [u8; 4], prefix: u8) -> Settings {
        assert!(hardware[0] & 1 == 0, "the Ethernet address of a host is not that of a group");
        assert!(prefix <= 32, "an IPv4 address has 32 bits");
        Settings {
            hardware,
            address,
            prefix,
            gateway: None,
            #[cfg(feature = "dhcp")]
            is_by_dhcp: false,
            #[cfg(feature = "dns")]
            name_server: None,
        }
    }

    /// Creates the settings of a host with this Ethernet address. The host gets its IPv4 address, its router and its
    /// name server by DHCP (RFC 2131). Until then it has none of them. The DHCP server gives them only for a certain
    /// time. If the server does not answer before this time is over, the host loses them again.
    ///
    /// # Panics
    /// If the Ethernet address is a group address. In the wiring, this is a compile error.
    #[cfg(feature = "dhcp")]
    #[must_use]
    pub const fn by_dhcp(hardware: [u8; 6]) -> Settings {
        Settings { is_by_dhcp: true, ..Settings::new(hardware, [0; 4], 0) }
    }

    /// Returns these settings with a router for hosts that are not on the cable.
    #[must_use]
    pub const fn with_gateway(self, gateway: [u8; 4]) -> Settings {
        Settings { gateway: Some(gateway), ..self }
    }

    /// Returns these settings with this name server. A name server that DHCP gives is then ignored.
    #[cfg(feature = "dns")]
    #[must_use]
    pub const fn with_name_server(self, server: [u8; 4]) -> Settings {
        Settings { name_server: Some(server), ..self }
    }

    /// Returns whether the address comes by DHCP.
    pub(crate) const fn is_by_dhcp(&self) -> bool {
        #[cfg(feature = "dhcp")]
        return self.is_by_dhcp;
        #[cfg(not(feature = "dhcp"))]
        false
    }

    /// Returns `true` if a name server is known now, or if DHCP may give one later.
    pub(crate) const fn has_name_server(&self) -> bool {
        #[cfg(feature = "dns")]
        return self.is_by_dhcp() || self.name_server.is_some();
        #[cfg(not(feature = "dns"))]
        false
    }
}

/// A port of a host.
///
/// ```
/// use crossgate_network::Endpoint;
/// const TIME: Endpoint = Endpoint::new([10, 0, 2, 2], 123);
/// assert_eq!(Endpoint::from_bytes(TIME.to_bytes()), TIME);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub struct Endpoint {
    address: [u8; 4],
    port: u16,
}

impl Endpoint {
    /// Creates an endpoint.
    #[must_use]
    pub const fn new(address: [u8; 4], port: u16) -> Endpoint {
        Endpoint { address, port }
    }

    /// Returns the IPv4 address.
    #[must_use]
    pub const fn address(self) -> [u8; 4] {
        self.address
    }

    /// Returns the port.
    #[must_use]
    pub const fn port(self) -> u16 {
        self.port
    }

    /// Returns the bytes that come before a received datagram: the address, and the port in network order.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 6] {
        let ([a, b, c, d], [high, low]) = (self.address, self.port.to_be_bytes());
        [a, b, c, d, high, low]
    }

    /// Returns the endpoint from the bytes before a received datagram.
    #[must_use]
    pub const fn from_bytes([a, b, c, d, high, low]: [u8; 6]) -> Endpoint {
        Endpoint { address: [a, b, c, d], port: u16::from_be_bytes([high, low]) }
    }
}

impl From<Endpoint> for IpEndpoint {
    fn from(endpoint: Endpoint) -> IpEndpoint {
        let [a, b, c, d] = endpoint.address;
        IpEndpoint::new(IpAddress::Ipv4(Ipv4Address::new(a, b, c, d)), endpoint.port)
    }
}

impl From<IpEndpoint> for Endpoint {
    fn from(endpoint: IpEndpoint) -> Endpoint {
        let IpAddress::Ipv4(address) = endpoint.addr;
        Endpoint { address: address.octets(), port: endpoint.port }
    }
}
