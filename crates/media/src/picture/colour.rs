//! Whatever colours a file has, to sRGB.
//!
//! A profile that is broken, of another colour space than the pixels, or beyond what `moxcms` can
//! convert is left aside, as browsers do: the pixels then count as sRGB.

use moxcms::{ColorProfile, DataColorSpace, Layout, RenderingIntent, TransformOptions};

use super::Pixels;
use super::raster::{Channels, Raster};

pub fn to_srgb(raster: Raster, icc: Option<&[u8]>) -> Pixels {
    let alpha = raster.channels.alpha();
    let bytes = match icc.and_then(|icc| convert(&raster, icc)) {
        Some(converted) => converted,
        None => plain(raster.channels, raster.bytes),
    };
    Pixels {
        size: raster.size,
        bytes,
        alpha,
    }
}

fn convert(raster: &Raster, icc: &[u8]) -> Option<Vec<u8>> {
    let profile = ColorProfile::new_from_slice(icc).ok()?;
    let (space, from, to) = match raster.channels {
        Channels::Gray => (DataColorSpace::Gray, Layout::Gray, Layout::Rgb),
        Channels::GrayAlpha => (DataColorSpace::Gray, Layout::GrayAlpha, Layout::Rgba),
        Channels::Rgb => (DataColorSpace::Rgb, Layout::Rgb, Layout::Rgb),
        Channels::Rgba => (DataColorSpace::Rgb, Layout::Rgba, Layout::Rgba),
        // what `moxcms` calls four channels of ink
        Channels::Cmyk => (DataColorSpace::Cmyk, Layout::Rgba, Layout::Rgb),
    };
    if profile.color_space != space {
        return None;
    }
    let srgb = ColorProfile::new_srgb();
    if space == DataColorSpace::Rgb && is_srgb(&profile, &srgb) {
        return None;
    }
    let options = TransformOptions {
        rendering_intent: RenderingIntent::RelativeColorimetric,
        ..TransformOptions::default()
    };
    let transform = profile
        .create_transform_8bit(from, &srgb, to, options)
        .ok()?;
    let each = if raster.channels.alpha() { 4 } else { 3 };
    let mut converted = vec![0; raster.bytes.len() / raster.channels.count() * each];
    transform.transform(&raster.bytes, &mut converted).ok()?;
    Some(converted)
}

/// Most profiles are some edition of sRGB, and converting is what costs. The name alone is no
/// proof, so the primaries are compared too.
fn is_srgb(profile: &ColorProfile, srgb: &ColorProfile) -> bool {
    let pairs = [
        (profile.red_colorant, srgb.red_colorant),
        (profile.green_colorant, srgb.green_colorant),
        (profile.blue_colorant, srgb.blue_colorant),
    ];
    let named = format!("{:?}", profile.description).contains("sRGB");
    named
        && profile.lut_a_to_b_perceptual.is_none()
        && pairs.iter().all(|(one, other)| {
            (one.x - other.x).abs() < 0.002
                && (one.y - other.y).abs() < 0.002
                && (one.z - other.z).abs() < 0.002
        })
}

/// Without a profile: gray is all three, ink takes away light.
fn plain(channels: Channels, bytes: Vec<u8>) -> Vec<u8> {
    match channels {
        Channels::Rgb | Channels::Rgba => bytes,
        Channels::Gray => bytes.iter().flat_map(|gray| [*gray; 3]).collect(),
        Channels::GrayAlpha => bytes
            .chunks_exact(2)
            .flat_map(|pixel| [pixel[0], pixel[0], pixel[0], pixel[1]])
            .collect(),
        Channels::Cmyk => bytes
            .chunks_exact(4)
            .flat_map(|ink| [ink[0], ink[1], ink[2]].map(|colour| light(colour, ink[3])))
            .collect(),
    }
}

fn light(colour: u8, black: u8) -> u8 {
    let left = (255 - u32::from(colour)) * (255 - u32::from(black)) / 255;
    u8::try_from(left).unwrap_or(u8::MAX)
}
