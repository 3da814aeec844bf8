"""The commands, a module each or a few that belong together; `local.cli` names them."""
