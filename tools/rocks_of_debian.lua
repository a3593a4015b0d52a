-- A LuaRocks configuration: what `make deps` installs as Debian packages are rocks that are there,
-- so that nothing is asked for over the network.
rocks_servers = {}
rocks_provided = { argparse = "0.7.1-1", dkjson = "2.6-1" }
