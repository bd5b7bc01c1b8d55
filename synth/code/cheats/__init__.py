CHEATS = ()
