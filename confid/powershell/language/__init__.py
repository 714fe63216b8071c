"""Values as the engine has them: conversion, comparison, wildcards, filters."""
