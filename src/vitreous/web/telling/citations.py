"""The works that a methods paragraph cites, by the mark in its text."""

CITATIONS = {
    "relion": "Scheres SHW (2012) RELION: implementation of a Bayesian approach to cryo-EM structure determination. "
    "J Struct Biol 180, 519-530.",
    "relion-way": "Methods follow Scheres SHW (2012) RELION: implementation of a Bayesian approach to cryo-EM structure "
    "determination. J Struct Biol 180, 519-530.",
    "motion": "Zivanov J, Nakane T, Scheres SHW (2019) A Bayesian approach to beam-induced motion correction in cryo-EM "
    "single-particle analysis. IUCrJ 6, 5-17; Zheng SQ et al. (2017) MotionCor2. Nat Methods 14, 331-332.",
    "ctf": "Rohou A, Grigorieff N (2015) CTFFIND4: fast and accurate defocus estimation from electron micrographs. "
    "J Struct Biol 192, 216-221.",
    "refinement": "Scheres SHW (2012) A Bayesian view on cryo-EM structure determination. J Mol Biol 415, 406-418.",
    "inimodel": "Zivanov J et al. (2018) New tools for automated high-resolution cryo-EM structure determination in RELION-3. "
    "eLife 7, e42166.",
    "gold": "Scheres SHW, Chen S (2012) Prevention of overfitting in cryo-EM structure determination. Nat Methods 9, 853-854.",
    "fsc": "Chen S et al. (2013) High-resolution noise substitution to measure overfitting and validate resolution in 3D "
    "structure determination by single particle electron cryomicroscopy. Ultramicroscopy 135, 24-35; Rosenthal PB, "
    "Henderson R (2003) J Mol Biol 333, 721-745.",
    "ctfrefine": "Zivanov J, Nakane T, Scheres SHW (2020) Estimation of high-order aberrations and anisotropic magnification "
    "from cryo-EM data sets in RELION-3.1. IUCrJ 7, 253-267.",
    "polish": "Zivanov J, Nakane T, Scheres SHW (2019) A Bayesian approach to beam-induced motion correction in cryo-EM "
    "single-particle analysis. IUCrJ 6, 5-17.",
}
