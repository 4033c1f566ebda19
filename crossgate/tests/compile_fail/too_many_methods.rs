//! An interface has at most 256 methods.
use crossgate::interface;

#[interface]
#[rustfmt::skip]
pub trait Many {
    fn m0(&self); fn m1(&self); fn m2(&self); fn m3(&self); fn m4(&self); fn m5(&self); fn m6(&self); fn m7(&self);
    fn m8(&self); fn m9(&self); fn m10(&self); fn m11(&self); fn m12(&self); fn m13(&self); fn m14(&self); fn m15(&self);
    fn m16(&self); fn m17(&self); fn m18(&self); fn m19(&self); fn m20(&self); fn m21(&self); fn m22(&self); fn m23(&self);
    fn m24(&self); fn m25(&self); fn m26(&self); fn m27(&self); fn m28(&self); fn m29(&self); fn m30(&self); fn m31(&self);
    fn m32(&self); fn m33(&self); fn m34(&self); fn m35(&self); fn m36(&self); fn m37(&self); fn m38(&self); fn m39(&self);
    fn m40(&self); fn m41(&self); fn m42(&self); fn m43(&self); fn m44(&self); fn m45(&self); fn m46(&self); fn m47(&self);
    fn m48(&self); fn m49(&self); fn m50(&self); fn m51(&self); fn m52(&self); fn m53(&self); fn m54(&self); fn m55(&self);
    fn m56(&self); fn m57(&self); fn m58(&self); fn m59(&self); fn m60(&self); fn m61(&self); fn m62(&self); fn m63(&self);
    fn m64(&self); fn m65(&self); fn m66(&self); fn m67(&self); fn m68(&self); fn m69(&self); fn m70(&self); fn m71(&self);
    fn m72(&self); fn m73(&self); fn m74(&self); fn m75(&self); fn m76(&self); fn m77(&self); fn m78(&self); fn m79(&self);
    fn m80(&self); fn m81(&self); fn m82(&self); fn m83(&self); fn m84(&self); fn m85(&self); fn m86(&self); fn m87(&self);
    fn m88(&self); fn m89(&self); fn m90(&self); fn m91(&self); fn m92(&self); fn m93(&self); fn m94(&self); fn m95(&self);
    fn m96(&self); fn m97(&self); fn m98(&self); fn m99(&self); fn m100(&self); fn m101(&self); fn m102(&self); fn m103(&self);
    fn m104(&self); fn m105(&self); fn m106(&self); fn m107(&self); fn m108(&self); fn m109(&self); fn m110(&self); fn m111(&self);
    fn m112(&self); fn m113(&self); fn m114(&self); fn m115(&self); fn m116(&self); fn m117(&self); fn m118(&self); fn m119(&self);
    fn m120(&self); fn m121(&self); fn m122(&self); fn m123(&self); fn m124(&self); fn m125(&self); fn m126(&self); fn m127(&self);
    fn m128(&self); fn m129(&self); fn m130(&self); fn m131(&self); fn m132(&self); fn m133(&self); fn m134(&self); fn m135(&self);
    fn m136(&self); fn m137(&self); fn m138(&self); fn m139(&self); fn m140(&self); fn m141(&self); fn m142(&self); fn m143(&self);
    fn m144(&self); fn m145(&self); fn m146(&self); fn m147(&self); fn m148(&self); fn m149(&self); fn m150(&self); fn m151(&self);
    fn m152(&self); fn m153(&self); fn m154(&self); fn m155(&self); fn m156(&self); fn m157(&self); fn m158(&self); fn m159(&self);
    fn m160(&self); fn m161(&self); fn m162(&self); fn m163(&self); fn m164(&self); fn m165(&self); fn m166(&self); fn m167(&self);
    fn m168(&self); fn m169(&self); fn m170(&self); fn m171(&self); fn m172(&self); fn m173(&self); fn m174(&self); fn m175(&self);
    fn m176(&self); fn m177(&self); fn m178(&self); fn m179(&self); fn m180(&self); fn m181(&self); fn m182(&self); fn m183(&self);
    fn m184(&self); fn m185(&self); fn m186(&self); fn m187(&self); fn m188(&self); fn m189(&self); fn m190(&self); fn m191(&self);
    fn m192(&self); fn m193(&self); fn m194(&self); fn m195(&self); fn m196(&self); fn m197(&self); fn m198(&self); fn m199(&self);
    fn m200(&self); fn m201(&self); fn m202(&self); fn m203(&self); fn m204(&self); fn m205(&self); fn m206(&self); fn m207(&self);
    fn m208(&self); fn m209(&self); fn m210(&self); fn m211(&self); fn m212(&self); fn m213(&self); fn m214(&self); fn m215(&self);
    fn m216(&self); fn m217(&self); fn m218(&self); fn m219(&self); fn m220(&self); fn m221(&self); fn m222(&self); fn m223(&self);
    fn m224(&self); fn m225(&self); fn m226(&self); fn m227(&self); fn m228(&self); fn m229(&self); fn m230(&self); fn m231(&self);
    fn m232(&self); fn m233(&self); fn m234(&self); fn m235(&self); fn m236(&self); fn m237(&self); fn m238(&self); fn m239(&self);
    fn m240(&self); fn m241(&self); fn m242(&self); fn m243(&self); fn m244(&self); fn m245(&self); fn m246(&self); fn m247(&self);
    fn m248(&self); fn m249(&self); fn m250(&self); fn m251(&self); fn m252(&self); fn m253(&self); fn m254(&self); fn m255(&self);
    fn m256(&self);
}

fn main() {}
