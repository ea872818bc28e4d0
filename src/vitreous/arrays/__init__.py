"""The pixels and poses that flow."""
