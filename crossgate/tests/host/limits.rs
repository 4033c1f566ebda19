// SPDX-License-Identifier: MIT OR Apache-2.0
//! The numbers of a wiring at their limits: 0 where it is allowed, the smallest and the largest. (One more does not
//! compile: `compile_fail/numbers_past_their_limits.rs`. `compile_pass/large.rs` has the largest numbers of processes,
//! threads and notifications.)

use crossgate::abi::table::{MmioRegion, NO_LOCK, OnFault};
use crossgate::{
    CallError, Concurrent, Exclusive, Handle, Lease, LeaseMut, Mmio, interface, testing::Wiring,
};

// The numbers of the methods have eight bits.
#[interface]
#[rustfmt::skip]
trait Many {
    fn m0(&self) -> u32; fn m1(&self) -> u32; fn m2(&self) -> u32; fn m3(&self) -> u32; fn m4(&self) -> u32; fn m5(&self) -> u32; fn m6(&self) -> u32; fn m7(&self) -> u32;
    fn m8(&self) -> u32; fn m9(&self) -> u32; fn m10(&self) -> u32; fn m11(&self) -> u32; fn m12(&self) -> u32; fn m13(&self) -> u32; fn m14(&self) -> u32; fn m15(&self) -> u32;
    fn m16(&self) -> u32; fn m17(&self) -> u32; fn m18(&self) -> u32; fn m19(&self) -> u32; fn m20(&self) -> u32; fn m21(&self) -> u32; fn m22(&self) -> u32; fn m23(&self) -> u32;
    fn m24(&self) -> u32; fn m25(&self) -> u32; fn m26(&self) -> u32; fn m27(&self) -> u32; fn m28(&self) -> u32; fn m29(&self) -> u32; fn m30(&self) -> u32; fn m31(&self) -> u32;
    fn m32(&self) -> u32; fn m33(&self) -> u32; fn m34(&self) -> u32; fn m35(&self) -> u32; fn m36(&self) -> u32; fn m37(&self) -> u32; fn m38(&self) -> u32; fn m39(&self) -> u32;
    fn m40(&self) -> u32; fn m41(&self) -> u32; fn m42(&self) -> u32; fn m43(&self) -> u32; fn m44(&self) -> u32; fn m45(&self) -> u32; fn m46(&self) -> u32; fn m47(&self) -> u32;
    fn m48(&self) -> u32; fn m49(&self) -> u32; fn m50(&self) -> u32; fn m51(&self) -> u32; fn m52(&self) -> u32; fn m53(&self) -> u32; fn m54(&self) -> u32; fn m55(&self) -> u32;
    fn m56(&self) -> u32; fn m57(&self) -> u32; fn m58(&self) -> u32; fn m59(&self) -> u32; fn m60(&self) -> u32; fn m61(&self) -> u32; fn m62(&self) -> u32; fn m63(&self) -> u32;
    fn m64(&self) -> u32; fn m65(&self) -> u32; fn m66(&self) -> u32; fn m67(&self) -> u32; fn m68(&self) -> u32; fn m69(&self) -> u32; fn m70(&self) -> u32; fn m71(&self) -> u32;
    fn m72(&self) -> u32; fn m73(&self) -> u32; fn m74(&self) -> u32; fn m75(&self) -> u32; fn m76(&self) -> u32; fn m77(&self) -> u32; fn m78(&self) -> u32; fn m79(&self) -> u32;
    fn m80(&self) -> u32; fn m81(&self) -> u32; fn m82(&self) -> u32; fn m83(&self) -> u32; fn m84(&self) -> u32; fn m85(&self) -> u32; fn m86(&self) -> u32; fn m87(&self) -> u32;
    fn m88(&self) -> u32; fn m89(&self) -> u32; fn m90(&self) -> u32; fn m91(&self) -> u32; fn m92(&self) -> u32; fn m93(&self) -> u32; fn m94(&self) -> u32; fn m95(&self) -> u32;
    fn m96(&self) -> u32; fn m97(&self) -> u32; fn m98(&self) -> u32; fn m99(&self) -> u32; fn m100(&self) -> u32; fn m101(&self) -> u32; fn m102(&self) -> u32; fn m103(&self) -> u32;
    fn m104(&self) -> u32; fn m105(&self) -> u32; fn m106(&self) -> u32; fn m107(&self) -> u32; fn m108(&self) -> u32; fn m109(&self) -> u32; fn m110(&self) -> u32; fn m111(&self) -> u32;
    fn m112(&self) -> u32; fn m113(&self) -> u32; fn m114(&self) -> u32; fn m115(&self) -> u32; fn m116(&self) -> u32; fn m117(&self) -> u32; fn m118(&self) -> u32; fn m119(&self) -> u32;
    fn m120(&self) -> u32; fn m121(&self) -> u32; fn m122(&self) -> u32; fn m123(&self) -> u32; fn m124(&self) -> u32; fn m125(&self) -> u32; fn m126(&self) -> u32; fn m127(&self) -> u32;
    fn m128(&self) -> u32; fn m129(&self) -> u32; fn m130(&self) -> u32; fn m131(&self) -> u32; fn m132(&self) -> u32; fn m133(&self) -> u32; fn m134(&self) -> u32; fn m135(&self) -> u32;
    fn m136(&self) -> u32; fn m137(&self) -> u32; fn m138(&self) -> u32; fn m139(&self) -> u32; fn m140(&self) -> u32; fn m141(&self) -> u32; fn m142(&self) -> u32; fn m143(&self) -> u32;
    fn m144(&self) -> u32; fn m145(&self) -> u32; fn m146(&self) -> u32; fn m147(&self) -> u32; fn m148(&self) -> u32; fn m149(&self) -> u32; fn m150(&self) -> u32; fn m151(&self) -> u32;
    fn m152(&self) -> u32; fn m153(&self) -> u32; fn m154(&self) -> u32; fn m155(&self) -> u32; fn m156(&self) -> u32; fn m157(&self) -> u32; fn m158(&self) -> u32; fn m159(&self) -> u32;
    fn m160(&self) -> u32; fn m161(&self) -> u32; fn m162(&self) -> u32; fn m163(&self) -> u32; fn m164(&self) -> u32; fn m165(&self) -> u32; fn m166(&self) -> u32; fn m167(&self) -> u32;
    fn m168(&self) -> u32; fn m169(&self) -> u32; fn m170(&self) -> u32; fn m171(&self) -> u32; fn m172(&self) -> u32; fn m173(&self) -> u32; fn m174(&self) -> u32; fn m175(&self) -> u32;
    fn m176(&self) -> u32; fn m177(&self) -> u32; fn m178(&self) -> u32; fn m179(&self) -> u32; fn m180(&self) -> u32; fn m181(&self) -> u32; fn m182(&self) -> u32; fn m183(&self) -> u32;
    fn m184(&self) -> u32; fn m185(&self) -> u32; fn m186(&self) -> u32; fn m187(&self) -> u32; fn m188(&self) -> u32; fn m189(&self) -> u32; fn m190(&self) -> u32; fn m191(&self) -> u32;
    fn m192(&self) -> u32; fn m193(&self) -> u32; fn m194(&self) -> u32; fn m195(&self) -> u32; fn m196(&self) -> u32; fn m197(&self) -> u32; fn m198(&self) -> u32; fn m199(&self) -> u32;
    fn m200(&self) -> u32; fn m201(&self) -> u32; fn m202(&self) -> u32; fn m203(&self) -> u32; fn m204(&self) -> u32; fn m205(&self) -> u32; fn m206(&self) -> u32; fn m207(&self) -> u32;
    fn m208(&self) -> u32; fn m209(&self) -> u32; fn m210(&self) -> u32; fn m211(&self) -> u32; fn m212(&self) -> u32; fn m213(&self) -> u32; fn m214(&self) -> u32; fn m215(&self) -> u32;
    fn m216(&self) -> u32; fn m217(&self) -> u32; fn m218(&self) -> u32; fn m219(&self) -> u32; fn m220(&self) -> u32; fn m221(&self) -> u32; fn m222(&self) -> u32; fn m223(&self) -> u32;
    fn m224(&self) -> u32; fn m225(&self) -> u32; fn m226(&self) -> u32; fn m227(&self) -> u32; fn m228(&self) -> u32; fn m229(&self) -> u32; fn m230(&self) -> u32; fn m231(&self) -> u32;
    fn m232(&self) -> u32; fn m233(&self) -> u32; fn m234(&self) -> u32; fn m235(&self) -> u32; fn m236(&self) -> u32; fn m237(&self) -> u32; fn m238(&self) -> u32; fn m239(&self) -> u32;
    fn m240(&self) -> u32; fn m241(&self) -> u32; fn m242(&self) -> u32; fn m243(&self) -> u32; fn m244(&self) -> u32; fn m245(&self) -> u32; fn m246(&self) -> u32; fn m247(&self) -> u32;
    fn m248(&self) -> u32; fn m249(&self) -> u32; fn m250(&self) -> u32; fn m251(&self) -> u32; fn m252(&self) -> u32; fn m253(&self) -> u32; fn m254(&self) -> u32; fn m255(&self) -> u32;
}

/// Returns the number of its object in its last method.
struct One(u32);

#[rustfmt::skip]
impl Many for One {
    fn m0(&self) -> u32 { self.0 } fn m1(&self) -> u32 { self.0 + 1 } fn m2(&self) -> u32 { self.0 + 2 } fn m3(&self) -> u32 { self.0 + 3 } fn m4(&self) -> u32 { self.0 + 4 } fn m5(&self) -> u32 { self.0 + 5 } fn m6(&self) -> u32 { self.0 + 6 } fn m7(&self) -> u32 { self.0 + 7 }
    fn m8(&self) -> u32 { self.0 + 8 } fn m9(&self) -> u32 { self.0 + 9 } fn m10(&self) -> u32 { self.0 + 10 } fn m11(&self) -> u32 { self.0 + 11 } fn m12(&self) -> u32 { self.0 + 12 } fn m13(&self) -> u32 { self.0 + 13 } fn m14(&self) -> u32 { self.0 + 14 } fn m15(&self) -> u32 { self.0 + 15 }
    fn m16(&self) -> u32 { self.0 + 16 } fn m17(&self) -> u32 { self.0 + 17 } fn m18(&self) -> u32 { self.0 + 18 } fn m19(&self) -> u32 { self.0 + 19 } fn m20(&self) -> u32 { self.0 + 20 } fn m21(&self) -> u32 { self.0 + 21 } fn m22(&self) -> u32 { self.0 + 22 } fn m23(&self) -> u32 { self.0 + 23 }
    fn m24(&self) -> u32 { self.0 + 24 } fn m25(&self) -> u32 { self.0 + 25 } fn m26(&self) -> u32 { self.0 + 26 } fn m27(&self) -> u32 { self.0 + 27 } fn m28(&self) -> u32 { self.0 + 28 } fn m29(&self) -> u32 { self.0 + 29 } fn m30(&self) -> u32 { self.0 + 30 } fn m31(&self) -> u32 { self.0 + 31 }
    fn m32(&self) -> u32 { self.0 + 32 } fn m33(&self) -> u32 { self.0 + 33 } fn m34(&self) -> u32 { self.0 + 34 } fn m35(&self) -> u32 { self.0 + 35 } fn m36(&self) -> u32 { self.0 + 36 } fn m37(&self) -> u32 { self.0 + 37 } fn m38(&self) -> u32 { self.0 + 38 } fn m39(&self) -> u32 { self.0 + 39 }
    fn m40(&self) -> u32 { self.0 + 40 } fn m41(&self) -> u32 { self.0 + 41 } fn m42(&self) -> u32 { self.0 + 42 } fn m43(&self) -> u32 { self.0 + 43 } fn m44(&self) -> u32 { self.0 + 44 } fn m45(&self) -> u32 { self.0 + 45 } fn m46(&self) -> u32 { self.0 + 46 } fn m47(&self) -> u32 { self.0 + 47 }
    fn m48(&self) -> u32 { self.0 + 48 } fn m49(&self) -> u32 { self.0 + 49 } fn m50(&self) -> u32 { self.0 + 50 } fn m51(&self) -> u32 { self.0 + 51 } fn m52(&self) -> u32 { self.0 + 52 } fn m53(&self) -> u32 { self.0 + 53 } fn m54(&self) -> u32 { self.0 + 54 } fn m55(&self) -> u32 { self.0 + 55 }
    fn m56(&self) -> u32 { self.0 + 56 } fn m57(&self) -> u32 { self.0 + 57 } fn m58(&self) -> u32 { self.0 + 58 } fn m59(&self) -> u32 { self.0 + 59 } fn m60(&self) -> u32 { self.0 + 60 } fn m61(&self) -> u32 { self.0 + 61 } fn m62(&self) -> u32 { self.0 + 62 } fn m63(&self) -> u32 { self.0 + 63 }
    fn m64(&self) -> u32 { self.0 + 64 } fn m65(&self) -> u32 { self.0 + 65 } fn m66(&self) -> u32 { self.0 + 66 } fn m67(&self) -> u32 { self.0 + 67 } fn m68(&self) -> u32 { self.0 + 68 } fn m69(&self) -> u32 { self.0 + 69 } fn m70(&self) -> u32 { self.0 + 70 } fn m71(&self) -> u32 { self.0 + 71 }
    fn m72(&self) -> u32 { self.0 + 72 } fn m73(&self) -> u32 { self.0 + 73 } fn m74(&self) -> u32 { self.0 + 74 } fn m75(&self) -> u32 { self.0 + 75 } fn m76(&self) -> u32 { self.0 + 76 } fn m77(&self) -> u32 { self.0 + 77 } fn m78(&self) -> u32 { self.0 + 78 } fn m79(&self) -> u32 { self.0 + 79 }
    fn m80(&self) -> u32 { self.0 + 80 } fn m81(&self) -> u32 { self.0 + 81 } fn m82(&self) -> u32 { self.0 + 82 } fn m83(&self) -> u32 { self.0 + 83 } fn m84(&self) -> u32 { self.0 + 84 } fn m85(&self) -> u32 { self.0 + 85 } fn m86(&self) -> u32 { self.0 + 86 } fn m87(&self) -> u32 { self.0 + 87 }
    fn m88(&self) -> u32 { self.0 + 88 } fn m89(&self) -> u32 { self.0 + 89 } fn m90(&self) -> u32 { self.0 + 90 } fn m91(&self) -> u32 { self.0 + 91 } fn m92(&self) -> u32 { self.0 + 92 } fn m93(&self) -> u32 { self.0 + 93 } fn m94(&self) -> u32 { self.0 + 94 } fn m95(&self) -> u32 { self.0 + 95 }
    fn m96(&self) -> u32 { self.0 + 96 } fn m97(&self) -> u32 { self.0 + 97 } fn m98(&self) -> u32 { self.0 + 98 } fn m99(&self) -> u32 { self.0 + 99 } fn m100(&self) -> u32 { self.0 + 100 } fn m101(&self) -> u32 { self.0 + 101 } fn m102(&self) -> u32 { self.0 + 102 } fn m103(&self) -> u32 { self.0 + 103 }
    fn m104(&self) -> u32 { self.0 + 104 } fn m105(&self) -> u32 { self.0 + 105 } fn m106(&self) -> u32 { self.0 + 106 } fn m107(&self) -> u32 { self.0 + 107 } fn m108(&self) -> u32 { self.0 + 108 } fn m109(&self) -> u32 { self.0 + 109 } fn m110(&self) -> u32 { self.0 + 110 } fn m111(&self) -> u32 { self.0 + 111 }
    fn m112(&self) -> u32 { self.0 + 112 } fn m113(&self) -> u32 { self.0 + 113 } fn m114(&self) -> u32 { self.0 + 114 } fn m115(&self) -> u32 { self.0 + 115 } fn m116(&self) -> u32 { self.0 + 116 } fn m117(&self) -> u32 { self.0 + 117 } fn m118(&self) -> u32 { self.0 + 118 } fn m119(&self) -> u32 { self.0 + 119 }
    fn m120(&self) -> u32 { self.0 + 120 } fn m121(&self) -> u32 { self.0 + 121 } fn m122(&self) -> u32 { self.0 + 122 } fn m123(&self) -> u32 { self.0 + 123 } fn m124(&self) -> u32 { self.0 + 124 } fn m125(&self) -> u32 { self.0 + 125 } fn m126(&self) -> u32 { self.0 + 126 } fn m127(&self) -> u32 { self.0 + 127 }
    fn m128(&self) -> u32 { self.0 + 128 } fn m129(&self) -> u32 { self.0 + 129 } fn m130(&self) -> u32 { self.0 + 130 } fn m131(&self) -> u32 { self.0 + 131 } fn m132(&self) -> u32 { self.0 + 132 } fn m133(&self) -> u32 { self.0 + 133 } fn m134(&self) -> u32 { self.0 + 134 } fn m135(&self) -> u32 { self.0 + 135 }
    fn m136(&self) -> u32 { self.0 + 136 } fn m137(&self) -> u32 { self.0 + 137 } fn m138(&self) -> u32 { self.0 + 138 } fn m139(&self) -> u32 { self.0 + 139 } fn m140(&self) -> u32 { self.0 + 140 } fn m141(&self) -> u32 { self.0 + 141 } fn m142(&self) -> u32 { self.0 + 142 } fn m143(&self) -> u32 { self.0 + 143 }
    fn m144(&self) -> u32 { self.0 + 144 } fn m145(&self) -> u32 { self.0 + 145 } fn m146(&self) -> u32 { self.0 + 146 } fn m147(&self) -> u32 { self.0 + 147 } fn m148(&self) -> u32 { self.0 + 148 } fn m149(&self) -> u32 { self.0 + 149 } fn m150(&self) -> u32 { self.0 + 150 } fn m151(&self) -> u32 { self.0 + 151 }
    fn m152(&self) -> u32 { self.0 + 152 } fn m153(&self) -> u32 { self.0 + 153 } fn m154(&self) -> u32 { self.0 + 154 } fn m155(&self) -> u32 { self.0 + 155 } fn m156(&self) -> u32 { self.0 + 156 } fn m157(&self) -> u32 { self.0 + 157 } fn m158(&self) -> u32 { self.0 + 158 } fn m159(&self) -> u32 { self.0 + 159 }
    fn m160(&self) -> u32 { self.0 + 160 } fn m161(&self) -> u32 { self.0 + 161 } fn m162(&self) -> u32 { self.0 + 162 } fn m163(&self) -> u32 { self.0 + 163 } fn m164(&self) -> u32 { self.0 + 164 } fn m165(&self) -> u32 { self.0 + 165 } fn m166(&self) -> u32 { self.0 + 166 } fn m167(&self) -> u32 { self.0 + 167 }
    fn m168(&self) -> u32 { self.0 + 168 } fn m169(&self) -> u32 { self.0 + 169 } fn m170(&self) -> u32 { self.0 + 170 } fn m171(&self) -> u32 { self.0 + 171 } fn m172(&self) -> u32 { self.0 + 172 } fn m173(&self) -> u32 { self.0 + 173 } fn m174(&self) -> u32 { self.0 + 174 } fn m175(&self) -> u32 { self.0 + 175 }
    fn m176(&self) -> u32 { self.0 + 176 } fn m177(&self) -> u32 { self.0 + 177 } fn m178(&self) -> u32 { self.0 + 178 } fn m179(&self) -> u32 { self.0 + 179 } fn m180(&self) -> u32 { self.0 + 180 } fn m181(&self) -> u32 { self.0 + 181 } fn m182(&self) -> u32 { self.0 + 182 } fn m183(&self) -> u32 { self.0 + 183 }
    fn m184(&self) -> u32 { self.0 + 184 } fn m185(&self) -> u32 { self.0 + 185 } fn m186(&self) -> u32 { self.0 + 186 } fn m187(&self) -> u32 { self.0 + 187 } fn m188(&self) -> u32 { self.0 + 188 } fn m189(&self) -> u32 { self.0 + 189 } fn m190(&self) -> u32 { self.0 + 190 } fn m191(&self) -> u32 { self.0 + 191 }
    fn m192(&self) -> u32 { self.0 + 192 } fn m193(&self) -> u32 { self.0 + 193 } fn m194(&self) -> u32 { self.0 + 194 } fn m195(&self) -> u32 { self.0 + 195 } fn m196(&self) -> u32 { self.0 + 196 } fn m197(&self) -> u32 { self.0 + 197 } fn m198(&self) -> u32 { self.0 + 198 } fn m199(&self) -> u32 { self.0 + 199 }
    fn m200(&self) -> u32 { self.0 + 200 } fn m201(&self) -> u32 { self.0 + 201 } fn m202(&self) -> u32 { self.0 + 202 } fn m203(&self) -> u32 { self.0 + 203 } fn m204(&self) -> u32 { self.0 + 204 } fn m205(&self) -> u32 { self.0 + 205 } fn m206(&self) -> u32 { self.0 + 206 } fn m207(&self) -> u32 { self.0 + 207 }
    fn m208(&self) -> u32 { self.0 + 208 } fn m209(&self) -> u32 { self.0 + 209 } fn m210(&self) -> u32 { self.0 + 210 } fn m211(&self) -> u32 { self.0 + 211 } fn m212(&self) -> u32 { self.0 + 212 } fn m213(&self) -> u32 { self.0 + 213 } fn m214(&self) -> u32 { self.0 + 214 } fn m215(&self) -> u32 { self.0 + 215 }
    fn m216(&self) -> u32 { self.0 + 216 } fn m217(&self) -> u32 { self.0 + 217 } fn m218(&self) -> u32 { self.0 + 218 } fn m219(&self) -> u32 { self.0 + 219 } fn m220(&self) -> u32 { self.0 + 220 } fn m221(&self) -> u32 { self.0 + 221 } fn m222(&self) -> u32 { self.0 + 222 } fn m223(&self) -> u32 { self.0 + 223 }
    fn m224(&self) -> u32 { self.0 + 224 } fn m225(&self) -> u32 { self.0 + 225 } fn m226(&self) -> u32 { self.0 + 226 } fn m227(&self) -> u32 { self.0 + 227 } fn m228(&self) -> u32 { self.0 + 228 } fn m229(&self) -> u32 { self.0 + 229 } fn m230(&self) -> u32 { self.0 + 230 } fn m231(&self) -> u32 { self.0 + 231 }
    fn m232(&self) -> u32 { self.0 + 232 } fn m233(&self) -> u32 { self.0 + 233 } fn m234(&self) -> u32 { self.0 + 234 } fn m235(&self) -> u32 { self.0 + 235 } fn m236(&self) -> u32 { self.0 + 236 } fn m237(&self) -> u32 { self.0 + 237 } fn m238(&self) -> u32 { self.0 + 238 } fn m239(&self) -> u32 { self.0 + 239 }
    fn m240(&self) -> u32 { self.0 + 240 } fn m241(&self) -> u32 { self.0 + 241 } fn m242(&self) -> u32 { self.0 + 242 } fn m243(&self) -> u32 { self.0 + 243 } fn m244(&self) -> u32 { self.0 + 244 } fn m245(&self) -> u32 { self.0 + 245 } fn m246(&self) -> u32 { self.0 + 246 } fn m247(&self) -> u32 { self.0 + 247 }
    fn m248(&self) -> u32 { self.0 + 248 } fn m249(&self) -> u32 { self.0 + 249 } fn m250(&self) -> u32 { self.0 + 250 } fn m251(&self) -> u32 { self.0 + 251 } fn m252(&self) -> u32 { self.0 + 252 } fn m253(&self) -> u32 { self.0 + 253 } fn m254(&self) -> u32 { self.0 + 254 } fn m255(&self) -> u32 { self.0 + 255 }
}

/// Methods with no argument words, and with as many as a call carries.
#[interface]
trait Words {
    fn none(&self);
    fn four(&self, a: u32, b: u32, c: u32, d: u32) -> u64;
    fn two_leases(&self, from: Lease<'_, [u8]>, to: LeaseMut<'_, [u8]>) -> Result<u32, u8>;
}

impl Words for One {
    fn none(&self) {}
    fn four(&self, a: u32, b: u32, c: u32, d: u32) -> u64 {
        u64::from(a ^ b) << 32 | u64::from(c ^ d)
    }
    fn two_leases(&self, from: Lease<'_, [u8]>, mut to: LeaseMut<'_, [u8]>) -> Result<u32, u8> {
        let mut byte = [0];
        from.copy_to(&mut byte);
        if to.copy_from(&byte) == 1 { Ok(u32::from(byte[0])) } else { Err(byte[0]) }
    }
}

#[interface]
trait Nothing {}
impl Nothing for One {}

fn run() -> ! {
    unreachable!("no thread runs in these tests")
}

const LOWEST: Mmio = Mmio { start: 0, size: 32 };
const NEXT: Mmio = Mmio { start: 1 << 30, size: 1 << 30 };
const LARGEST: Mmio = Mmio { start: 1 << 31, size: 1 << 31 };
/// Returns the page with this number.
const fn page(number: usize) -> Mmio {
    Mmio { start: number << 12, size: 1 << 12 }
}
/// Returns the region of one range of at least 256 bytes.
const fn region(Mmio { start, size }: Mmio) -> MmioRegion {
    MmioRegion { start, size, closed: 0 }
}

mod least {
    crossgate::system! {
        pub static SYSTEM;
        process nothing {}
    }
}

mod most {
    use super::*;
    crossgate::system! {
        pub static SYSTEM;

        process first {
            mmio LOWEST;
            mmio NEXT;
            on_fault = restart (limit = 1);
            notification CAME;
            interrupt 0 => CAME;
            interrupt 65535 => CAME;
            object nobody (stack = 0): [Concurrent<One>; 0] = [] => [NOBODY: dyn Many];
            object one (stack = 1): Concurrent<One> = One(1000) => [ONE: dyn Nothing];
            thread main (priority = 1, stack = 1) = run();
        }
        process second {
            mmio LARGEST;
            on_fault = restart (limit = 255);
            object many (stack = 65535): [Exclusive<One>; 255] =
                [const { Exclusive::new(One(7)) }; 255] => [MANY: dyn Many];
            thread main (priority = 31, stack = 1 << 24) = run();
        }
        process client {
            mmio page(22);
            mmio page(15);
            mmio page(8);
            mmio page(20);
            mmio page(11);
            mmio page(9);
            mmio page(21);
            mmio page(14);
            object client: Concurrent<[Handle<dyn Many>; 2]> = [MANY.at(0), MANY.at(254)] => [];
            object nobody: Concurrent<Option<Handle<dyn Many>>> = NOBODY.get(0) => [];
        }
    }
}

#[test]
fn none_of_all_that_there_may_be_none_of() {
    let system = &least::SYSTEM;
    assert_eq!((system.processes.len(), system.threads.len()), (1, 1), "the idle thread");
    assert_eq!((system.services.len(), system.locks), (0, 0));
    assert_eq!((system.notifications.len(), system.interrupts.len()), (0, 0));
    assert_eq!(system.processes[0].mmio, []);
    assert_eq!(system.processes[0].on_fault, OnFault::Restart { limit: 8 });
}

#[test]
fn the_least_and_the_most() {
    let system = &most::SYSTEM;
    let processes = system.processes.iter().map(|process| (process.mmio, process.on_fault));
    assert_eq!(
        processes.collect::<Vec<_>>(),
        [
            (
                // 32 bytes are an eighth of the smallest block.
                [MmioRegion { closed: !1, ..region(LOWEST) }, region(NEXT)].as_slice(),
                OnFault::Restart { limit: 1 }
            ),
            (&[region(LARGEST)], OnFault::Restart { limit: 255 }),
            // Pages 8, 9, 11, 14 and 15 of 16, and three quarters of another block.
            (
                &[
                    MmioRegion { start: 8 << 12, size: 8 << 12, closed: 0b0011_0100 },
                    MmioRegion { start: 20 << 12, size: 3 << 12, closed: 0b1100_0000 },
                ],
                OnFault::DEFAULT
            ),
        ]
    );
    let lines: Vec<_> = system.interrupts.iter().map(|interrupt| interrupt.line).collect();
    assert_eq!(lines, [0, 65535], "which of them there are, the port knows");
    let threads = system.threads[1..].iter().map(|thread| (thread.priority, thread.stack_size));
    assert_eq!(threads.collect::<Vec<_>>(), [(1, 256), (31, 1 << 24)]);
    assert_eq!((system.services.len(), system.locks), (256, 255));
    assert_eq!((system.services[0].stack, system.services[0].lock), (1, NO_LOCK));
    assert_eq!((system.services[255].stack, system.services[255].lock.index()), (65535, 254));
}

#[test]
fn the_last_method_of_the_last_service() {
    let wiring = Wiring::of(&most::SYSTEM);
    let client = wiring.process("client").thread(1, || {
        let handle = |service: usize| Handle::<dyn Many>::__of_gate(256 * service);
        assert_eq!((handle(0).m0(), handle(0).m255()), (Ok(7), Ok(262)));
        assert_eq!((handle(254).m0(), handle(254).m255()), (Ok(7), Ok(262)));
        assert_eq!(handle(255).m0(), Err(CallError::NoSuchService));
    });
    wiring.run(|| client.join());
}

#[test]
fn calls_with_no_words_and_with_all() {
    let wiring = Wiring::new();
    let words = wiring.serve::<dyn Words, _>(One(0));
    wiring.run(|| {
        assert_eq!(words.none(), Ok(()));
        let all = u32::MAX;
        assert_eq!(words.four(all, 0, 0, 1), Ok(u64::from(all) << 32 | 1));
        let mut to = [0];
        assert_eq!(words.two_leases(&[9][..], &mut to[..]), Ok(Ok(9)));
        assert_eq!(to, [9]);
        assert_eq!(words.two_leases(&[9][..], &mut [][..]), Ok(Err(9)), "no byte is lent");
    });
}
