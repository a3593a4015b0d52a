std = "lua54"
max_line_length = 100
files["spec"] = { std = "+busted" }
files["tools/rocks_of_debian.lua"] = { globals = { "rocks_servers", "rocks_provided" } }
files["examples/contracts"] = { read_globals = { "sdk", "uint256" } }
files["examples/network"] = { read_globals = { "sdk" } }
files["examples/order"] = { read_globals = { "sdk", "uint256" } }
