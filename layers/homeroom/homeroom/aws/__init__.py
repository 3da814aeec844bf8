"""Every AWS call of the project, behind the protocols of `homeroom.ports`; the handler's common frame; settings.

Nothing else imports boto3. `wiring.world()` joins the parts once for a process.
"""
