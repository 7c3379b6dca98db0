"""Customised buses (定制公交) on riders' requests, and shuttle buses (接驳公交) that feed a trunk line."""
